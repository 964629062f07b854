-- Nothing to seed: `bankfeeds up` makes the demo tenant and its data through the application itself.
select;
