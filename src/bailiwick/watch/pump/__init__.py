"""The pump detector: public trades of a symbol, order by order, and how much the last one looks like a pump."""
