"""Sends one mail to the local SMTP server: send_mail.py PORT CA PASSWORD_FILE RECIPIENT MESSAGE_ID [--plain|--wrong-password]

Prints `accepted`, the code of the refusal, or `cut`.
"""

import smtplib
import ssl
import sys

port, ca, password_file, recipient, message_id, *how = sys.argv[1:]


def send():
    with open(password_file) as file:
        password = "wrong" if "--wrong-password" in how else file.read()
    connection = smtplib.SMTP("127.0.0.1", int(port), timeout=30)
    if "--plain" not in how:
        connection.starttls(context=ssl.create_default_context(cafile=ca))
        connection.login("vendzz", password)
    text = f"From: campaign@sender.example\r\nTo: {recipient}\r\nMessage-ID: <{message_id}>\r\n\r\nOne mail.\r\n"
    connection.sendmail("campaign@sender.example", [recipient], text)
    connection.quit()


try:
    send()
    print("accepted")
except smtplib.SMTPRecipientsRefused as refused:
    ((code, _),) = refused.recipients.values()
    print(code)
except smtplib.SMTPServerDisconnected:
    print("cut")
except smtplib.SMTPResponseException as refused:
    print(refused.smtp_code)
