"""./run demo: one mail, two accounts. The first is refused, the second is a real Postfix; the mail is read back.

Everything runs on 127.0.0.1 in a temporary folder, and is stopped and removed at the end."""

import json
import os
import shlex
import sys
from pathlib import Path

os.environ['MAILENHANCE'] = sys.argv[1]
sys.path[:0] = [str(Path(__file__).resolve().parent)]

import stage
from tool import PASSWORD, Tool, account

TO = 'wong@example.hk'
HTML = '''<h1>你好，王先生</h1>
<p>這封電郵由<b>第二個帳戶</b>送出，因為第一個被拒絕。</p>
'''
REPORT = '月份,數量\r\n一月,42\r\n'


def headline(text):
    print(f'\n== {text}', flush=True)


def show_accounts(accounts):
    headline('The accounts, in their order')
    for record in accounts:
        print(f'{record["name"]:8} {record["senderServerHost"]}:{record["senderServerHostPort"]}, STARTTLS, '
              f'login {record["senderUserName"]}, from {record["fromMailAddress"]}')


def send(tool):
    html = tool.folder.write('body.html', HTML)
    report = tool.folder.write('月報.csv', REPORT)
    arguments = ['--to', f'王先生 <{TO}>', '--subject', '你好，這是一封測試電郵', '--html-file', html, '--attach', report]
    headline('The command')
    shown = (argument if isinstance(argument, str) else argument.name for argument in arguments)
    print('./run send --config AppSetting.json', shlex.join(shown), flush=True)
    sent = tool.send(*arguments)
    sys.stderr.write(sent.err.decode())
    return sent


def show_attempts(result):
    headline('What happened')
    for number, attempt in enumerate(result['attempts'], 1):
        verdict = f'failed ({attempt["class"]})' if attempt['class'] else 'sent'
        print(f'{number}. {attempt["account"]}: {verdict} at step "{attempt["step"]}" after {attempt["ms"]} ms: '
              f'{attempt["code"]} {attempt["enhanced"]} {attempt["reply"]}')
        if attempt.get('advice'):
            print(f'   Advice: {attempt["advice"]}')
    print(f'Result for {result["recipient"]}: {result["status"]} through {result["account"]}')


def show_mail(message):
    headline('The mail as it lies in the mailbox')
    for field in ('From', 'To', 'Reply-To', 'Subject', 'Date', 'Message-ID'):
        if message[field]:
            print(f'{field}: {message[field]}')
    for part in message.walk():
        if not part.is_multipart():
            name = f', file {part.get_filename()}' if part.get_filename() else ''
            print(f'--- {part.get_content_type()}{name}')
            print(part.get_payload(decode=True).decode().strip())


def main():
    print('Starting a Postfix and a Dovecot of our own on 127.0.0.1 …', flush=True)
    server, ca = stage.postfix(), stage.certificates().ca
    accounts = [account(server.starttls, 'first', 'starttls', stage.USER, 'not the password', ca),
                account(server.starttls, 'second', 'starttls', stage.USER, PASSWORD, ca)]
    with Tool(accounts) as tool:
        show_accounts(accounts)
        sent = send(tool)
        if sent.status != 0 or not sent.out:
            print(sent)
            return 1
        show_attempts(json.loads(sent.out))
    [message] = server.wait_for_mail(TO)
    show_mail(message)
    return 0


try:
    status = main()
finally:
    stage.close()
print('\nServers stopped, everything removed. Your own mail: see README.md.')
sys.exit(status)
