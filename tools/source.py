"""C files as the tools see them: lines without comments and texts, and functions.

The files are formatted by clang-format, so a function begins with "{" and ends with "}" in the first column."""

import re
from pathlib import Path

# Comments and literals are blanked, line by line, so that positions stay.
_HIDDEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def _blank(match):
    text = match.group()
    if text[0] in '"\'':
        return text[0] + ' ' * (len(text) - 2) + text[-1]
    return re.sub(r'[^\n]', ' ', text)


class Function:
    def __init__(self, name, header, body, line):
        self.name, self.header, self.body, self.line = name, header, body, line
        self.static = bool(re.search(r'\bstatic\b', header))

    @property
    def length(self):
        return len(self.body)

    @property
    def parameters(self):
        inside = self.header[self.header.index('(') + 1:self.header.rindex(')')].strip()
        depth, count = 0, 1
        for c in inside:
            depth += (c == '(') - (c == ')')
            count += c == ',' and depth == 0
        return 0 if inside in ('', 'void') else count

    @property
    def complexity(self):
        return 1 + sum(len(re.findall(r'\b(?:if|for|while|case)\b|&&|\|\||\?', line)) for line in self.body)

    @property
    def nesting(self):
        depths = [len(re.match(' *', line).group()) // 4 for line in self.body
                  if re.match(r' +(?:\} )?(?:if|for|while|switch|do)\b', line)]
        return max(depths, default=0)

    @property
    def labels(self):
        return [line for line in self.body if re.match(r' *[a-z_]+:$', line) and line.strip() != 'default:']


class Source:
    def __init__(self, path, root=Path('.')):
        self.path = path
        self.text = (root / path).read_text()
        self.lines = self.text.split('\n')
        self.bare = _HIDDEN.sub(_blank, self.text).split('\n')
        self.is_test = path.name.endswith(('_test.c', '_test.h', '_fuzz.c')) or path.parts[0] in ('tests', 'examples')
        self.folder = path.parts[1] if path.parts[0] == 'src' else path.parts[0]

    @property
    def includes(self):
        for number, line in enumerate(self.lines, 1):
            found = re.match(r'# *include +([<"])([^>"]+)', line)
            if found:
                yield number, found.group(2), found.group(1) == '<'

    @property
    def functions(self):
        start = None
        for i, line in enumerate(self.bare):
            if line.rstrip() == '{':
                start = i
            elif line.rstrip() == '}' and start is not None:
                found = self._function(start, i)
                if found:
                    yield found
                start = None

    def _function(self, start, end):
        head = start
        while head and self.bare[head - 1].strip() and self.bare[head - 1].strip()[-1] not in ';}' \
                and not self.bare[head - 1].startswith('#'):
            head -= 1
        header = ' '.join(line.strip() for line in self.bare[head:start])
        name = re.search(r'(\w+)\s*\(', header)
        return name and Function(name.group(1), header, self.bare[start + 1:end], head + 1)


def sources(root=Path('.'), folders=('src', 'include', 'tests', 'examples')):
    for folder in folders:
        for path in sorted((root / folder).rglob('*.[ch]')):
            yield Source(path.relative_to(root), root)


class Report:
    """Says "ok" or "not ok" once per named rule, with each finding above it as a remark."""

    def __init__(self, tool):
        self.tool, self.rules = tool, {}

    def rule(self, name):
        self.rules.setdefault(name, 0)

    def found(self, rule, where, what):
        self.rules[rule] = self.rules.get(rule, 0) + 1
        print(f'{where}: {what}')

    def close(self):
        for rule, count in self.rules.items():
            print(f'not ok {self.tool}: {rule} ({count} found, see above)' if count else f'ok {self.tool}: {rule}')
        return 1 if any(self.rules.values()) else 0
