"""The SMTP server of the local stack: a real one (STARTTLS, AUTH), which keeps what it accepts instead of carrying it.

smtp.py PORT CERTIFICATE KEY PASSWORD_FILE FOLDER [MARK]

FOLDER is a maildir: one file a mail, in `new`. `journal.jsonl` beside it has one line for each: its Message-ID, recipient, time
and file. Both are on disk before 250 is answered. Some domains stand for what can happen to a mail:

    later.example    RCPT is answered 450
    refused.example  RCPT is answered 550
    cut.example      the connection is cut after the final dot; the mail is kept
    lost.example     the connection is cut after the final dot; the mail is not kept
"""

import asyncio
import email.parser
import email.policy
import hmac
import json
import logging
import os
import pathlib
import signal
import ssl
import sys
import time

from aiosmtpd.smtp import SMTP, AuthResult

USER = b"vendzz"
LARGEST_MAIL = 1 << 20
MAILS_AT_ONCE = 100


class Inbox:
    """Keeps mails; those that arrive together share the waits for the disk."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("tmp", "new", "cur"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.journal = open(folder / "journal.jsonl", "ab", buffering=0)
        self.waiting = asyncio.Queue(MAILS_AT_ONCE)
        self.kept = 0

    async def keep(self, content, recipients):
        done = asyncio.get_running_loop().create_future()
        await self.waiting.put((content, recipients, done))
        await done

    async def work(self):
        while True:
            mails = [await self.waiting.get()]
            while not self.waiting.empty():
                mails.append(self.waiting.get_nowait())
            failure = None
            try:
                await asyncio.to_thread(self.write, [(content, recipients) for content, recipients, _ in mails])
            except OSError as error:
                failure = error
                print(f"mails could not be kept: {error}", flush=True)
            for _, _, done in mails:
                if done.done():
                    continue
                if failure:
                    done.set_exception(failure)
                else:
                    done.set_result(None)

    def write(self, mails):
        lines = []
        for content, recipients in mails:
            self.kept += 1
            name = f"{time.time_ns()}.{os.getpid()}_{self.kept}.localhost"
            with open(self.folder / "tmp" / name, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.rename(self.folder / "tmp" / name, self.folder / "new" / name)
            for recipient in recipients:
                line = {"message_id": message_id(content), "recipient": recipient, "at": now(), "file": f"new/{name}"}
                lines.append(json.dumps(line, ensure_ascii=False) + "\n")
        sync_folder(self.folder / "new")
        self.journal.write("".join(lines).encode())
        os.fsync(self.journal.fileno())


def message_id(content):
    headers = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(content)
    return (headers["Message-ID"] or "").strip()


def now():
    seconds, nanos = divmod(time.time_ns(), 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{nanos // 1_000_000:03}Z"


def sync_folder(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def domain(address):
    return address.rpartition("@")[2].lower()


class Handler:
    """What aiosmtpd asks of us; each answer is an SMTP reply."""

    def __init__(self, inbox):
        self.inbox = inbox

    async def handle_RCPT(self, server, session, envelope, address, options):
        if domain(address) == "later.example":
            return "450 4.2.0 Mailbox busy, try again later"
        if domain(address) == "refused.example":
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        domains = {domain(address) for address in envelope.rcpt_tos}
        if "lost.example" in domains:
            server.transport.abort()
            return "421 4.3.0 Cut"
        try:
            await self.inbox.keep(envelope.original_content, list(envelope.rcpt_tos))
        except OSError:
            return "452 4.3.1 The mail could not be kept"
        if "cut.example" in domains:
            server.transport.abort()
        return "250 2.0.0 Kept"

    async def handle_exception(self, error):
        # A cut connection cannot be answered any more.
        if not isinstance(error, ConnectionError):
            print(f"{type(error).__name__}: {error}", flush=True)
        return "451 4.3.0 Local error"


def authenticator(password):
    def check(server, session, envelope, mechanism, credentials):
        is_right = hmac.compare_digest(credentials.login, USER) and hmac.compare_digest(credentials.password, password)
        return AuthResult(success=is_right, handled=False)

    return check


async def main():
    # Each AUTH would be a warning of aiosmtpd's about a name inside of itself.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    port, certificate, key, password_file, folder = sys.argv[1:6]
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    password = pathlib.Path(password_file).read_bytes().strip()
    inbox = Inbox(pathlib.Path(folder))
    worker = asyncio.create_task(inbox.work())
    handler = Handler(inbox)

    def protocol():
        return SMTP(
            handler,
            hostname="localhost",
            ident="Vendzz local mail",
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            tls_context=tls,
            require_starttls=True,
            auth_required=True,
            auth_exclude_mechanism=["LOGIN"],
            authenticator=authenticator(password),
            loop=asyncio.get_running_loop(),
        )

    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", int(port), backlog=512)
    print(f"listening on 127.0.0.1:{port}", flush=True)
    # Unlike a signal, a failure of the worker must not leave a server that answers nobody.
    await asyncio.wait([worker, asyncio.create_task(stopped.wait())], return_when=asyncio.FIRST_COMPLETED)
    server.close()
    if worker.done():
        worker.result()


asyncio.run(main())
