"""The sections of the page, one file each: functions from what was recorded to HTML."""
