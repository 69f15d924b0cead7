"""Who calls `pressmark crawl --due` every few minutes: a systemd timer, or cron.

job.py says what is to be run for an archive; systemd.py and cron.py turn it into text (pure); install.py writes that
text where the machine looks for it, and takes it away again.
"""
