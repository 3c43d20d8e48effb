"""The media program: a participant of calls that opens no database and knows of the web only what crosses the wire."""
