"""1,000 mails to be signed, the same ones in every run: what canonical forms can stumble over, mixed by chance."""

import random

import cases as cases_of

SUBJECTS = ('Hello', '關於閣下之訂單（編號 42）' * 4, 'two  blanks\tand a tab ', 'The quick brown fox. ' * 20 + 'end',
            '=?UTF-8?B?5L2g5aW9?=', '😀' * 60, 'a: b; c=d', ' ', 'x' * 3000)
NAMES = (None, '寄件人 Sender', 'Wong, "Tai" (Man) \\ @ <x>; y:', "O'Neil", '王大文（香港）有限公司' * 5, 'J. R. R. T', 'n' * 200)
LINES = ('', '', ' ', '\t', '.', '..', '. ', '.hidden', 'From me', 'plain words', 'two  blanks', 'tab\tinside', 'ends in blank ',
         'ends in tab\t', ' begins with one', '中文內容，測試一下。', '--', '-- ', '=20', '=', 'x' * 75, 'x' * 76, 'y' * 997,
         'DKIM-Signature: b=', 'é' * 30, '{"a": 1}', '\x0bvt', 'Subject: not one')
ENDS = ('\n', '\r\n', '\r')
PAGES = ('<p>你好 &amp; <b>世界</b></p>', '<html><head><title>t</title></head><body>\n\n<p>a  b</p>\n\n\n</body></html>',
         '<pre>  x  \n\n y \n</pre>' * 50)
FIELDS = (['X-Order', '訂單 42'], ['X-Long', 'word ' * 300 + 'end'], ['Auto-Submitted', 'auto-generated'],
          ['In-Reply-To', '<a.b@x.example>'], ['List-Id', '<news.sender.example>'],
          ['References', ' '.join(f'<{i}.{"r" * 40}@x.example>' for i in range(40))])
UNSUBSCRIBE = [['List-Unsubscribe', '<https://list.example/u?t=a1b2c3>, <mailto:u@list.example>'],
               ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click']]
SIZES = (0, 1, 56, 57, 58, 1000, 20_000)


def text_of(chance):
    """Lines of all kinds with ends of all kinds, and any number of empty ones behind them."""
    lines = [chance.choice(LINES) for _ in range(chance.choice((0, 1, 2, 5, 30)))]
    text = ''.join(line + chance.choice(ENDS) for line in lines)
    return text + chance.choice(('', '\n', '\n\n\n', '\r\n\r\n', ' \n\t\n', 'no end', ' '))


def person(chance, address):
    name = chance.choice(NAMES)
    return {'address': address} | ({'name': name} if name else {})


def recipients(chance, is_personal):
    count = chance.choice((1, 1, 1, 2, 3))
    people = [person(chance, f'r{i}@{chance.choice(("example.hk", "例子.香港"))}') for i in range(count)]
    for i, one in enumerate(people):
        if is_personal:
            one['variables'] = {'code': str(i) * 3 + chance.choice(('', ' ', '\n\n', '大文'))}
    return people


def case(chance, number, dkim):
    is_personal = chance.random() < 0.3
    text = text_of(chance)
    made = {'name': f'{number}', 'from': person(chance, 'me@sender.example'), 'to': recipients(chance, is_personal),
            'subject': chance.choice(SUBJECTS), 'dkim': dkim}
    files = [{'name': f'{i} 附件.bin', 'size': chance.choice(SIZES), 'in_memory': chance.random() < 0.5}
             for i in range(chance.choice((0, 0, 0, 1, 3)))]
    if number % 50 == 0:
        files.append({'name': 'large.bin', 'size': 300_000})
    if text.strip() or not files:
        made['text'] = text if text.strip() else text + '.'
    if is_personal:
        made['text'] = '{{code}} ' + text + '\n{{code}}'
    if chance.random() < 0.4:
        made['html'] = chance.choice(PAGES) + ('{{code}}' if is_personal else '')
        if chance.random() < 0.3:
            files.append({'cid': 'logo', 'size': 300})
    if chance.random() < 0.3:
        made['reply_to'] = person(chance, 'answers@sender.example')
    if chance.random() < 0.1:
        made['calendar'] = cases_of.CALENDAR
    made['cc'] = [person(chance, f'c{i}@example.hk') for i in range(chance.choice((0, 0, 1, 20)))]
    made['headers'] = chance.sample(FIELDS, chance.choice((0, 0, 1, 3))) + (UNSUBSCRIBE if chance.random() < 0.4 else [])
    made['priority'] = chance.choice((0, 0, 1, 2))
    return made | {'files': files}


def cases(keys, wanted):
    """As many cases as give `wanted` mails or a few more; the keys take turns."""
    chance, number, mails = random.Random(6376), 0, 0
    while mails < wanted:
        made = case(chance, number, keys[number % len(keys)])
        number, mails = number + 1, mails + len(made['to'])
        yield made
