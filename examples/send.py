"""Sends mails from Python, with nothing but ctypes: one that is waited for, or many at a time beside other work.

  python3 send.py AppSetting.json wong@example.hk
  python3 send.py --loop AppSetting.json wong@example.hk chan@example.hk
"""

import ctypes
import select
import sys
from ctypes import POINTER, byref, c_bool, c_char_p, c_int, c_int64, c_size_t, c_void_p

ENGLISH, TO = 0, 0  # enum mes_language, enum mes_role


class Attempt(ctypes.Structure):
    _fields_ = [('account', c_char_p), ('step', c_int), ('class_', c_int), ('code', c_int), ('enhanced', c_char_p),
                ('reply', c_char_p), ('advice_id', c_char_p), ('milliseconds', c_int64)]


class Result(ctypes.Structure):
    _fields_ = [('recipient', c_char_p), ('role', c_int), ('status', c_int), ('message_id', c_char_p),
                ('attempts', c_void_p), ('attempt_count', c_size_t), ('dsn', c_int)]


ON_DONE = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)

# What each function gives back, and what it takes.
FUNCTIONS = {
    'mes_error_new': (c_void_p, []),
    'mes_error_free': (None, [POINTER(c_void_p)]),
    'mes_error_text': (c_char_p, [c_void_p, c_int, c_char_p, c_size_t]),
    'mes_account_list_load': (c_int, [c_char_p, c_char_p, c_void_p, c_void_p, POINTER(c_void_p), c_void_p]),
    'mes_account_list_free': (None, [POINTER(c_void_p)]),
    'mes_sender_new': (c_int, [c_void_p, c_void_p, POINTER(c_void_p), c_void_p]),
    'mes_sender_free': (None, [POINTER(c_void_p)]),
    'mes_sender_fd': (c_int, [c_void_p]),
    'mes_sender_timeout_ms': (c_int, [c_void_p]),
    'mes_sender_step': (c_bool, [c_void_p]),
    'mes_send': (c_int, [c_void_p, c_void_p, POINTER(c_void_p), c_void_p]),
    'mes_submit': (c_int, [c_void_p, c_void_p, ON_DONE, c_void_p, c_void_p]),
    'mes_message_new': (c_void_p, []),
    'mes_message_free': (None, [POINTER(c_void_p)]),
    'mes_message_add_recipient': (c_int, [c_void_p, c_int, c_char_p, c_char_p, c_void_p]),
    'mes_message_set_subject': (c_int, [c_void_p, c_char_p, c_void_p]),
    'mes_message_set_html': (c_int, [c_void_p, c_char_p, c_void_p]),
    'mes_report_count': (c_size_t, [c_void_p]),
    'mes_report_result': (POINTER(Result), [c_void_p, c_size_t]),
    'mes_report_free': (None, [POINTER(c_void_p)]),
    'mes_result_attempt': (POINTER(Attempt), [POINTER(Result), c_size_t]),
    'mes_advice_text': (c_char_p, [c_char_p, c_int]),
    'mes_status_name': (c_char_p, [c_int]),
}

library = ctypes.CDLL('libmailenhance.so.0')
for _name, (_gives, _takes) in FUNCTIONS.items():
    _function = getattr(library, _name)
    _function.restype, _function.argtypes = _gives, _takes


class MailError(Exception):
    """Nothing was sent; the text says what to do."""


class Held:
    """What the library hands out, freed at the end of a `with`."""

    def __init__(self, pointer, free):
        self.pointer, self._free = c_void_p(pointer), getattr(library, free)

    def __enter__(self):
        return self.pointer

    def __exit__(self, *_):
        self._free(byref(self.pointer))


def check(function, *arguments):
    """Calls what can fail, with an error to fill."""
    with Held(library.mes_error_new(), 'mes_error_free') as error:
        if getattr(library, function)(*arguments, error):
            text = ctypes.create_string_buffer(2048)
            raise MailError(library.mes_error_text(error, ENGLISH, text, len(text)).decode())


def make(function, free, *arguments):
    """The same for what gives something back by its last argument but the error."""
    made = c_void_p()
    check(function, *arguments, byref(made))
    return Held(made.value, free)


def compose(to):
    held = Held(library.mes_message_new(), 'mes_message_free')
    check('mes_message_add_recipient', held.pointer, TO, to.encode(), None)
    check('mes_message_set_subject', held.pointer, '你好'.encode())
    check('mes_message_set_html', held.pointer, '<p>Sent from <b>Python</b>.</p>'.encode())
    return held


def results(report):
    """(address, status, [(account, code, reply, advice)]) of each recipient; copies, so that the report may go."""
    for index in range(library.mes_report_count(report)):
        result = library.mes_report_result(report, index)
        attempts = [library.mes_result_attempt(result, k).contents for k in range(result.contents.attempt_count)]
        yield (result.contents.recipient.decode(), library.mes_status_name(result.contents.status).decode(),
               [(a.account.decode(), a.code, a.reply.decode(), library.mes_advice_text(a.advice_id, ENGLISH).decode())
                for a in attempts])


def show(report):
    for address, status, attempts in results(report):
        print(f'{address}: {status}')
        for account, code, reply, advice in attempts:
            print(f'  {account}: {code} {reply} {advice}'.rstrip())


def send_and_wait(sender, to):
    with compose(to) as message, make('mes_send', 'mes_report_free', sender, message) as report:
        show(report)


def send_beside_other_work(sender, addresses):
    """All at once; a real program waits for its own descriptors in the same call."""
    @ON_DONE
    def on_done(_context, report):
        with Held(report, 'mes_report_free') as pointer:
            show(pointer)

    for to in addresses:
        with compose(to) as message:
            check('mes_submit', sender, message, on_done, None)
    poll = select.poll()
    poll.register(library.mes_sender_fd(sender), select.POLLIN)
    while library.mes_sender_step(sender):
        poll.poll(library.mes_sender_timeout_ms(sender))


def main(arguments):
    is_loop = arguments[0] == '--loop'
    config, *addresses = arguments[is_loop:]
    with make('mes_account_list_load', 'mes_account_list_free', config.encode(), None, None, None) as accounts, \
            make('mes_sender_new', 'mes_sender_free', accounts, None) as sender:
        if is_loop:
            send_beside_other_work(sender, addresses)
        else:
            send_and_wait(sender, addresses[0])


if __name__ == '__main__':
    try:
        main(sys.argv[1:])
    except MailError as failure:
        sys.exit(str(failure))
