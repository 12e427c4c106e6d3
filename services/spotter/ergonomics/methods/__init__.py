"""Methods of ergonomics: pure tables and formulas, one file each."""
