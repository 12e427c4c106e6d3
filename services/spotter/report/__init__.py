"""What was seen at a station over a time, as a page for people: for a competent person to judge jobs, never people.

`gather` reads the store, `live` an analysis in memory; both give a `data.Period`. `judge` puts what people entered
beside it and asks the methods, `page` writes the HTML, `pdf` prints it.
"""
