"""What visitors and customers type."""

from django import forms

from orders.basket import MOST_OF_A_BOOK
from orders.models import Customer


class CountForm(forms.Form):
    count = forms.IntegerField(min_value=1, max_value=MOST_OF_A_BOOK, initial=1)


class CustomerForm(forms.ModelForm):
    class Meta:
        model = Customer
        fields = ["name", "city"]

    def clean_name(self):
        """One name for one customer: how else would the parcels be told apart?"""
        name = self.cleaned_data["name"].strip()
        if Customer.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("There is a customer of this name.")
        return name
