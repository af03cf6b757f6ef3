"""What a person can do, as data: menus, toolbar and help are built from one list."""
