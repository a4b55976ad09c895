"""The desk (工作台): where people of two units decide by hand, and a second authority releases what is held."""
