"""Quiltt: one API over Plaid, MX, Finicity and Akoya, for banks of the United States."""
