"""A site of django CMS: n sections of two pages each with n texts, seen by visitors and by an editor."""

from typing import Any, Dict

DISTRIBUTION = "django-cms"

PAGES: Dict[str, str] = {
    "site: home": "/",
    "site: section": "/section-0/",
    "site: page": "/section-0/below-0/",
    "editor: home": "/?edit",
    "admin: index": "/admin/",
    "admin: pages": "/admin/cms/pagecontent/?language=en",
    "admin: page": "/admin/cms/pagecontent/1/change/",
    "admin: versions": "/admin/djangocms_versioning/pagecontentversion/?page=1&language=en",
    "admin: aliases": "/admin/djangocms_alias/alias/?language=en",
    "admin: alias categories": "/admin/djangocms_alias/category/",
    "admin: users": "/admin/auth/user/",
    "admin: groups": "/admin/auth/group/",
    "admin: files": "/admin/filer/folder/",
    "admin: folder": "/admin/filer/folder/1/list/",
}


def populate(n: int) -> None:
    from django.contrib.auth.models import Group, User
    from django.contrib.sites.models import Site
    from django.db import transaction

    Site.objects.get_or_create(pk=1, defaults={"domain": "testserver", "name": "testserver"})
    editor = User.objects.create_superuser("editor", "editor@example.org", "mercury")
    home = _page("Home", editor, n)
    with transaction.atomic():
        home.set_as_homepage(editor)
    for number in range(n):
        section = _page(f"Section {number}", editor, n)
        for place in range(2):
            _page(f"Below {place}", editor, n, parent=section)
        Group.objects.create(name=f"Group {number}")
        member = User.objects.create_user(f"member-{number}")
        member.groups.add(*Group.objects.all())
    _aliases(editor, n)
    _files(editor, n)


def _page(title: str, editor: Any, n: int, parent: Any = None) -> Any:
    from cms.api import add_plugin, create_page
    from cms.models import PageContent

    page = create_page(title, "applications/cms_page.html", "en", parent=parent, in_navigation=True, created_by=editor)
    content = PageContent.admin_manager.get(page=page)
    placeholder = content.get_placeholders().get(slot="content")
    for number in range(n):
        add_plugin(placeholder, "TextPlugin", "en", body=f"<p>Text {number}</p>")
    content.versions.get().publish(editor)
    return page


def _aliases(editor: Any, n: int) -> None:
    from cms.api import add_plugin
    from djangocms_alias.models import Alias, AliasContent, Category

    for number in range(n):
        category = Category.objects.create(name=f"Category {number}")
        alias = Alias.objects.create(category=category)
        content = AliasContent.objects.with_user(editor).create(alias=alias, name=f"Alias {number}", language="en")
        add_plugin(alias.get_placeholder("en", show_draft_content=True), "TextPlugin", "en", body="<p>Text</p>")
        content.versions.get().publish(editor)


def _files(editor: Any, n: int) -> None:
    from django.core.files.base import ContentFile
    from filer.models import File, Folder

    root = Folder.objects.create(name="root", owner=editor)
    for number in range(n):
        Folder.objects.create(name=f"folder-{number}", parent=root, owner=editor)
        content = ContentFile(b"text", name=f"file-{number}.txt")
        File.objects.create(folder=root, owner=editor, original_filename=f"file-{number}.txt", file=content)


def sign_in(client: Any) -> None:
    from django.contrib.auth.models import User

    client.force_login(User.objects.get(username="editor"))


def address(page: str) -> str:
    return PAGES[page]
