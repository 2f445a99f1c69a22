"""The JSON Schemas of what the commands print, as files beside this one."""
