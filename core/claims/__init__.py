"""Derivatives that somebody claims, and texts that are said to be the same: is it so?"""
