"""Thin views, one package per part of the portal: guard, form, one service call, redirect or fragment."""
