"""Homethread: books and carries calls between parents far away and the children left in the village."""
