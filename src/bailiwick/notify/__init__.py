"""How notices leave: Telegram, e-mail, signed webhooks and, where it is installed, Apprise."""
