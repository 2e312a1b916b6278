"""The mails that are built and read back. A case says what is set; what must be read follows from it, but for what
stands under "expect"."""

FROM = {'address': 'sender@sender.example', 'name': '寄件人 Sender'}
TO = [{'address': 'wong@example.hk', 'name': '王大文'}]
PARAGRAPH = '中文內容，測試一下。The quick brown fox — “quoted” — jumps.\n'
PAGE = '<html><head><title>t</title></head><body><p>你好 &amp; <b>世界</b></p></body></html>'
FAMILY = '👩‍👩‍👧‍👦'
CALENDAR = '''BEGIN:VCALENDAR
VERSION:2.0
METHOD:REQUEST
BEGIN:VEVENT
UID:42@sender.example
DTSTART:20261201T010000Z
SUMMARY:會議：關於閣下之訂單（編號 42）以及其他在此不能盡錄的事項，請準時出席
ATTENDEE;CN="王大文; a:b";RSVP=TRUE:mailto:wong@example.hk
DESCRIPTION:''' + 'The quick brown fox jumps over the lazy dog\\, twice. ' * 20 + '''
END:VEVENT
END:VCALENDAR
'''
UNSUBSCRIBE = ','.join(f'<https://list.example/unsubscribe/{i}?t={"a1b2c3d4" * 58}>' for i in range(6))


def case(name, **parts):
    return {'name': name, 'from': FROM, 'to': TO, 'subject': 'Hello', 'text': 'Hello\n'} | parts


def attachment(name, size=1000, **parts):
    return {'name': name, 'size': size} | parts


def cases():
    yield case('plain')
    yield case('D16_chinese_everywhere', subject='關於閣下之訂單（編號 42）' * 4, text=PARAGRAPH * 60,
               to=[{'address': 'wong@example.hk', 'name': '王大文（香港）有限公司' * 5}])
    for lead in range(40, 60):
        yield case(f'D16_emoji_at_the_edge_{lead}', subject='x' * lead + '😀' + FAMILY * 3 + '大' * 20,
                   **{'from': {'address': 'a@sender.example', 'name': 'n' * (lead - 20) + '🇭🇰' * 12}})
    yield case('D16_right_to_left_names', subject='שלום עולם مرحبا',
               to=[{'address': 'a@example.hk', 'name': 'محمد بن علي'}],
               cc=[{'address': 'b@example.hk', 'name': 'דוד לוי'}])
    yield case('D16_zero_width_and_direction', subject='a\u200bb\u202ecba\u202c', to=[
        {'address': 'a@example.hk', 'name': 'P\u0430yP\u0430l \u2066x\u2069'}])
    yield case('D04_names_with_specials', to=[{'address': 'a@example.hk', 'name': 'Wong, "Tai" (Man) \\ @ <x>; y:'}],
               cc=[{'address': 'b@example.hk', 'name': "O'Neil & Söhne"}, {'address': 'c@example.hk'},
                   {'address': 'd@example.hk', 'name': 'J. R. R. Tolkien'}])
    yield case('D04_subject_that_looks_encoded', subject='=?UTF-8?B?5L2g5aW9?= and =?x?q?y?=',
               to=[{'address': 'a@example.hk', 'name': '=?utf-8?q?evil?='}])
    yield case('D10_bcc_is_not_shown', cc=[{'address': 'c@example.hk', 'name': '副本'}],
               bcc=[{'address': 'secret@example.hk', 'name': 'Secret'}])
    yield case('a_hundred_copies', cc=[{'address': f'c{i}@example.hk', 'name': f'收件人 {i}, Ltd.'} for i in range(100)])
    yield case('long_plain_subject', subject='The quick brown fox jumps over the lazy dog. ' * 20 + 'End')
    yield case('endless_subject', subject='x' * 3000)
    yield case('subject_of_ten_thousand_bytes', subject='大文 ' * 1400 + 'z')
    yield case('blanks_in_the_subject', subject='two  blanks\tand a tab')
    yield case('html_alone', text=None, html=PAGE, expect={'text': '你好 & 世界\n'})
    yield case('html_and_text', html=PAGE)
    yield case('inline_image', html='<img src="cid:logo"><p>x</p>',
               files=[{'cid': 'logo', 'path': 'logo.png', 'size': 3000}])
    yield case('everything', html='<img src="cid:logo"><img src="cid:b@x"><p>你好</p>', files=[
        {'cid': 'logo', 'path': '標誌.png', 'size': 3000}, {'cid': 'b@x', 'path': 'b.gif', 'size': 57},
        attachment('報告.pdf', 100_000), attachment('a.csv', 0), attachment('b.bin', 76, type='x/y')],
        priority=1, reply_to={'address': 'reply@sender.example', 'name': '回覆'},
        cc=[{'address': 'c@example.hk'}], headers=[['X-Order', '訂單 42'], ['X-Plain', 'a  b']])
    yield case('attachment_alone', text=None, subject='x', files=[attachment('only.zip')])
    for size in (1, 2, 3, 56, 57, 58, 114, 262_143, 262_144, 262_145, 300_001):
        yield case(f'attachment_of_{size}_bytes', files=[attachment('x.bin', size), attachment('y.bin', size, in_memory=True)])
    yield case('D14_attachment_of_25_megabytes', files=[attachment('large.iso', 25 * 1024 * 1024)])
    yield case('D14_many_attachments', files=[attachment(f'文件{i}.txt', 10_000 + i, in_memory=i % 2 == 0) for i in range(300)])
    yield case('D05_long_chinese_file_name', files=[attachment('很長的附件名稱' * 43 + '.docx')])
    yield case('D05_long_plain_file_name', files=[attachment('n' * 296 + '.pdf')])
    yield case('D05_odd_file_names', files=[attachment(name) for name in (
        'a "quoted" name.txt', 'back\u00e9slash.txt', "it's 100% *new*; really.txt", '=?UTF-8?Q?x?=.txt', '😀.png',
        'semi;colon=equals.txt', '名 稱.tar.gz', "utf-8''x.txt", 'שלום.txt')])
    yield case('D05_path_as_name', files=[attachment('../../etc/passwd', expect='passwd'),
                                          attachment('C:\\temp\\x.txt', expect='x.txt')])
    yield case('list_unsubscribe', headers=[
        ['List-Unsubscribe', UNSUBSCRIBE], ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
        ['List-Id', '<news.sender.example>'], ['References', ' '.join(f'<{i}.{"r" * 40}@x.example>' for i in range(40))]])
    yield case('long_custom_header', headers=[['X-Long', 'word ' * 3000 + 'end'], ['X-Chinese', '自訂標頭' * 300]])
    yield case('D12_long_lines', text='x' * 1_000_000 + '\n' + 'é' * 3000 + '\nshort\n')
    yield case('D11_dots_and_from', text='.\n..\n.hidden\nFrom me\n>From you\n.\n\n.')
    yield case('D11_mixed_line_ends', text='a\r\nb\rc\nd\r\n\r\n.\r.\n', expect={'text': 'a\nb\nc\nd\n\n.\n.\n'})
    yield case('trailing_blanks', text='a \nb\t\n  \n\n')
    yield case('control_characters', text='bell \x07 escape \x1b[0m nul-free\x7f\n')
    yield case('no_line_end', text='no line end')
    yield case('delimiters_in_the_text', text='--=_1_\n--\n--=_1_x--\n', html='<p>--=_2_</p>', files=[attachment('x')])
    yield case('D09_smtputf8_recipient', to=[{'address': '用户@例子.香港', 'name': '用户'}], smtputf8=True,
               expect={'to': [['用户', '用户@xn--fsqu00a.xn--j6w193g']]})
    yield case('D09_smtputf8_sender', smtputf8=True, **{'from': {'address': 'посылатель@sender.example', 'name': 'И'}})
    yield case('D09_domains_are_a_labels', to=[{'address': 'wong@例子.香港'}], cc=[{'address': 'a@bücher.example'}],
               expect={'to': [['', 'wong@xn--fsqu00a.xn--j6w193g']], 'cc': [['', 'a@xn--bcher-kva.example']]})
    yield case('D06_quoted_local_part', to=[{'address': '"a@evil.example x"@good.example'}],
               expect={'to': [['', '"a@evil.example x"@good.example']]})
    yield case('longest_address', to=[{'address': 'l' * 64 + '@' + '.'.join(['d' * 62] * 3), 'name': 'n' * 200}])
    yield case('calendar', calendar=CALENDAR)
    yield case('calendar_alone', text=None, subject='x', calendar=CALENDAR.replace('REQUEST', 'CANCEL'))
    yield case('calendar_and_everything', html='<img src="cid:logo"><p>你好</p>', calendar=CALENDAR.replace('\n', '\r\n'),
               files=[{'cid': 'logo', 'path': 'logo.png', 'size': 3000}, attachment('報告.pdf', 300_000)])
    yield case('low_priority', priority=2)
    yield case('D15_variables', subject='訂單 {{number}}', text='{{name}}: {{number}} {{shop}}\n',
               html='<p title="{{name}}">{{number}} {{shop}}</p>', variables={'shop': 'A & B'},
               to=[{'address': 'a@example.hk', 'name': 'A <b>', 'variables': {'number': '1'}},
                   {'address': 'b@example.hk', 'name': '大文', 'variables': {'number': '二', 'shop': 'own'}}],
               expects=[{'subject': '訂單 1', 'text': 'A <b>: 1 A & B\n', 'html': '<p title="A &lt;b&gt;">1 A &amp; B</p>'},
                        {'subject': '訂單 二', 'text': '大文: 二 own\n', 'html': '<p title="大文">二 own</p>'}])
    yield case('R17_subject_from_the_body', subject=None, text='  一二三四五六七八九十\n一二三四五六七八九十more',
               expect={'subject': '一二三四五六七八九十 一二三四五六七八九'})
    yield case('variables_in_html_alone', subject=None, text=None, html='<p>{{code}} 你好</p>',
               to=[{'address': 'a@example.hk', 'variables': {'code': '42'}}],
               expect={'subject': '42 你好', 'text': '42 你好\n', 'html': '<p>42 你好</p>'})
