"""What a real key may do at its exchange, asked of the exchange itself and graded. No order is ever placed."""
