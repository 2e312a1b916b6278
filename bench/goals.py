#!/usr/bin/env python3
"""The last table of bench/run: what was reached beside each goal. usage: goals.py RESULTS (JSON lines). Judges nothing."""

import json
import sys

OURS = 'mailenhance'
AT_LEAST, AT_MOST = '>=', '<='

# part, what, how to find it among the part's results (label -> figures), how it compares, goal
GOALS = [
    ('P1', 'mails/s, times smtp-source -d', lambda r: r[OURS]['ratio'], AT_LEAST, 2.5),
    ('P1', 'CPU s per 1000', lambda r: r[OURS]['cpu'], AT_MOST, 0.03),
    ('P2', 'mails/s over TLS, times libcurl', lambda r: r[OURS]['ratio'], AT_LEAST, 4),
    ('P3', 'round trips a mail', lambda r: r[OURS]['round trips'], AT_MOST, 1.1),
    ('P4', 'round trips a mail, depth 4', lambda r: r[OURS + ', depth 4']['round trips'], AT_MOST, 0.3),
    ('P4', 'round trips a mail, depth 8', lambda r: r[OURS + ', depth 8']['round trips'], AT_MOST, 0.15),
    ('P5', 'mails built/s, times GMime', lambda r: r[OURS + ', every mail a job of its own']['ratio'], AT_LEAST, 6),
    ('P5', 'next recipients/s', lambda r: r['next recipient']['value'], AT_LEAST, 100000),
    ('P6', 'KiB more for 25 MB than for 1 KB', lambda r: more(r, OURS + ', 25 MB attachment', OURS + ', 1 KB attachment'),
     AT_MOST, 6144),
    ('P6', 'the same, 1000 recipients', lambda r: more(r, OURS + ', 25 MB, 1000 recipients', OURS + ', 1 KB, 1000 recipients'),
     AT_MOST, 6144),
    ('P7', 'relayed/s, times Postfix', lambda r: r[OURS]['ratio'], AT_LEAST, 10),
    ('P7', 'CPU s per 1000', lambda r: r[OURS]['CPU s/1000'], AT_MOST, 0.2),
    ('P8', 'accepted/s', lambda r: r[OURS + ', its account at rest']['mails/s'], AT_LEAST, 15000),
    ('P9', 's until a large job is accepted', lambda r: r[OURS]['s to 202'], AT_MOST, 20),
    ('P9', 's until its first mail', lambda r: r[OURS]['s to first'], AT_MOST, 5),
    ('P9', 'peak MiB', lambda r: r[OURS]['peak MiB'], AT_MOST, 100),
    ('P11', 'ms until ready', lambda r: r['every later start']['ms to ready'], AT_MOST, 200),
    ('P11', 'MiB at rest', lambda r: r['every later start']['RSS MiB'], AT_MOST, 24),
    ('P11', 'MB of the binary', lambda r: r['binary, stripped']['MB'], AT_MOST, 10),
    ('P12', 'accepting ten times as much: CPU', lambda r: growth(r, 'accepting '), AT_MOST, 11),
    ('P12', 'sending ten times as much: CPU', lambda r: growth(r, 'sending '), AT_MOST, 11),
    ('P12', 'accepting beside a full queue: CPU', lambda r: beside(r, 'accepted/s'), AT_MOST, 1.2),
    ('P12', 'sending beside a full queue: CPU', lambda r: beside(r, 'sent/s'), AT_MOST, 1.2),
]


def more(results, large, small):
    return results[large]['value'] - results[small]['value']


def growth(results, prefix):
    least, most = sorted(figures['CPU s'] for label, figures in results.items() if label.startswith(prefix))
    return most / least


def beside(results, what):
    """The dearest of the full queues, by the empty one."""
    costs = {label: figures['CPU s/1000'] for (label, kind), figures in results['by kind'].items() if kind == what}
    empty = costs.pop('empty queue')
    return max(costs.values()) / empty


def main():
    parts = {}
    for line in open(sys.argv[1]):
        figures = json.loads(line)
        part = parts.setdefault(figures.pop('part'), {'by kind': {}})
        label = figures.pop('label')
        part[label] = figures
        part['by kind'][label, next(iter(figures))] = figures
    print(f'\n{"":4} {"":40} {"reached":>10} {"goal":>12}')
    for part, what, find, compare, goal in GOALS:
        if part not in parts:
            continue
        try:
            reached = find(parts[part])
        except KeyError as missing:
            print(f'{part:4} {what:40} {"-":>10} {compare:>3} {goal:8g}   not measured: {missing}')
            continue
        is_met = reached >= goal if compare == AT_LEAST else reached <= goal
        print(f'{part:4} {what:40} {reached:10.4g} {compare:>3} {goal:8g}   {"yes" if is_met else "no"}')


main()
