"""A filter and a tag that ask, as projects write them."""

from django import template

register = template.Library()


@register.filter
def open_count(project):
    return project.tasks.filter(status="open").count()  # query


@register.inclusion_tag("labelled/second/team.html")
def team(project):
    return {"people": project.members.all()}
