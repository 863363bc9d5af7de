/* python_pattern - see python_pattern.h. */
#include "harness/exchange/python_pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NESTING_MAX = 50, VARIABLE = 256, END = -1 };

struct translator {
    const struct python_parts *source;
    size_t part, at; /* the next byte */
    struct python_parts *out;
    char *why;
    bool repeatable; /* a quantifier may follow */
    bool names;      /* ... but what it would repeat has named groups */
    size_t depth;    /* of open groups */
    bool look[NESTING_MAX], named[NESTING_MAX + 1];
};

static bool refuse(struct translator *t, const char *what)
{
    snprintf(t->why, 100, "%s", what);
    return false;
}

/* The next byte, VARIABLE, or END; ahead: so many further. Variables end what is looked at ahead. */
static int peek(const struct translator *t, size_t ahead)
{
    size_t part = t->part, at = t->at + ahead;
    if (part < t->source->count && !t->source->items[part].variable &&
        at >= t->source->items[part].known.length) {
        at -= t->source->items[part++].known.length;
    }
    if (part >= t->source->count) {
        return END;
    }
    const struct python_part *p = &t->source->items[part];
    return p->variable ? VARIABLE : at < p->known.length ? (unsigned char)p->known.data[at] : END;
}

static int take(struct translator *t)
{
    int c = peek(t, 0);
    if (t->part < t->source->count && !t->source->items[t->part].variable &&
        t->at >= t->source->items[t->part].known.length) {
        t->part++;
        t->at = 0;
    }
    if (c == VARIABLE) {
        t->part++;
        t->at = 0;
    } else if (c != END) {
        t->at++;
    }
    return c;
}

static void say(struct translator *t, const char *text)
{
    python_parts_add(t->out, text, strlen(text));
}

static bool is_word(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void say_byte(struct translator *t, int c)
{
    char text[8];
    if (is_word(c) || c == ' ' || c == '/' || c == ':' || c == ',' || c == '=' || c == '<' || c == '>') {
        snprintf(text, sizeof text, "%c", c);
    } else {
        snprintf(text, sizeof text, "\\x%02x", (unsigned)c);
    }
    say(t, text);
}

static int hex_digit(int c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Behind "\x". */
static int take_hex(struct translator *t)
{
    bool braces = peek(t, 0) == '{';
    int value = 0, digits = 0;
    if (braces) {
        take(t);
    }
    for (; digits < 2 && hex_digit(peek(t, 0)) >= 0; digits++) {
        value = 16 * value + hex_digit(take(t));
    }
    if (braces ? digits == 0 || take(t) != '}' : digits != 2) {
        return END;
    }
    return value;
}

/* An escape that stands for one byte; its letter is taken. END: it stands for something else. */
static int escaped_byte(struct translator *t, int letter)
{
    switch (letter) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'f':
        return '\f';
    case 'a':
        return '\a';
    case 'e':
        return 0x1b;
    case 'x':
        return take_hex(t);
    default:
        return letter != END && letter != VARIABLE && !is_word(letter) ? letter : END;
    }
}

static bool is_set(int letter)
{
    return letter > 0 && letter < VARIABLE && strchr("dDwWsS", letter) != NULL;
}

static bool translate_escape(struct translator *t)
{
    int letter = take(t);
    char text[3] = {'\\', (char)letter, 0};
    t->repeatable = true;
    t->names = false;
    if (is_set(letter)) {
        say(t, text);
        return true;
    }
    if (letter == 'b' || letter == 'A' || letter == 'z') {
        t->repeatable = false;
        say(t, letter == 'z' ? "\\Z" : text);
        return true;
    }
    int byte = escaped_byte(t, letter);
    if (byte == END) {
        return refuse(t, "an escape that Python has not, or in another sense");
    }
    say_byte(t, byte);
    return true;
}

/* One member of a class: a byte, END for a set, which is said, or -2. */
static int class_member(struct translator *t)
{
    int c = take(t), next = peek(t, 0);
    if (c == '[' && (next == ':' || next == '.' || next == '=')) {
        return -2;
    }
    if (c != '\\') {
        return c == END || c == VARIABLE ? -2 : c;
    }
    int letter = take(t);
    if (is_set(letter)) {
        char text[3] = {'\\', (char)letter, 0};
        say(t, text);
        return END;
    }
    c = letter == 'b' ? '\b' : escaped_byte(t, letter);
    return c == END ? -2 : c;
}

static bool translate_class(struct translator *t)
{
    static const char strange[] = "a class with more than bytes, ranges and \\d \\w \\s in it";
    say(t, "[");
    if (peek(t, 0) == '^') {
        take(t);
        say(t, "^");
    }
    for (bool first = true; first || peek(t, 0) != ']'; first = false) {
        int low = class_member(t);
        bool range = peek(t, 0) == '-' && peek(t, 1) != ']';
        if (low == -2 || (range && low == END)) {
            return refuse(t, strange);
        }
        if (low != END) {
            say_byte(t, low);
        }
        if (range) {
            take(t);
            if (is_set(peek(t, 1)) && peek(t, 0) == '\\') {
                return refuse(t, strange);
            }
            int high = class_member(t);
            if (high < low) {
                return refuse(t, strange);
            }
            say(t, "-");
            say_byte(t, high);
        }
    }
    take(t);
    say(t, "]");
    t->repeatable = true;
    t->names = false;
    return true;
}

static bool open_group(struct translator *t, bool look, const char *text)
{
    if (t->depth == NESTING_MAX) {
        return refuse(t, "groups that are nested very deep");
    }
    t->look[t->depth++] = look;
    t->named[t->depth] = false;
    t->repeatable = false;
    say(t, text);
    return true;
}

static bool translate_name(struct translator *t, int closing)
{
    char name[2] = "";
    if (!open_group(t, false, "(?P<")) {
        return false;
    }
    t->named[t->depth] = true;
    for (int c = take(t); c != closing; c = take(t)) {
        if (!is_word(c)) {
            return refuse(t, "the name of a group");
        }
        name[0] = (char)c;
        say(t, name);
    }
    say(t, ">");
    return true;
}

/* "(?i)" at the beginning, "(?i:" anywhere. */
static bool translate_flags(struct translator *t, bool first)
{
    say(t, "(?");
    bool some = false;
    for (int c = take(t); c != ':'; c = take(t)) {
        if (c == ')' && first && some) {
            say(t, ")");
            return true;
        }
        if (c != 'i' && c != 's') {
            return refuse(t, "a group or an option that Python has not, or in another sense");
        }
        some = true;
        say(t, c == 'i' ? "i" : "s");
    }
    return open_group(t, false, ":");
}

static bool translate_group(struct translator *t, bool first)
{
    int next = peek(t, 1);
    if (peek(t, 0) == '*') {
        return refuse(t, "a (*VERB)");
    }
    if (peek(t, 0) != '?') {
        return open_group(t, false, "(");
    }
    take(t);
    if (next == '=' || next == '!') {
        take(t);
        return open_group(t, true, next == '=' ? "(?=" : "(?!");
    }
    if (next == 'P' || next == '<' || next == '\'') {
        take(t);
        if ((next == 'P' && take(t) != '<') || peek(t, 0) == '=' || peek(t, 0) == '!') {
            return refuse(t, "a look-behind, or a group that is used again");
        }
        return translate_name(t, next == '\'' ? '\'' : '>');
    }
    return translate_flags(t, first);
}

static bool close_group(struct translator *t)
{
    if (t->depth == 0) {
        return refuse(t, "a closing parenthesis");
    }
    t->names = t->named[t->depth--];
    t->named[t->depth] |= t->names;
    t->repeatable = !t->look[t->depth];
    say(t, ")");
    return true;
}

/* How long the quantifier "{n,m}" is that stands here; 0: it is none. */
static size_t braces(const struct translator *t)
{
    size_t at = 0, digits = 0;
    for (; peek(t, at) >= '0' && peek(t, at) <= '9'; at++) {
        digits++;
    }
    if (digits == 0 || digits > 4) {
        return 0;
    }
    if (peek(t, at) == ',') {
        for (at++; peek(t, at) >= '0' && peek(t, at) <= '9'; at++) {
        }
    }
    return peek(t, at) == '}' ? at + 1 : 0;
}

static bool translate_quantifier(struct translator *t, int c)
{
    char one[2] = {(char)c, 0};
    if (!t->repeatable || t->names) {
        return refuse(t, t->names ? "a named group that is repeated" : "a quantifier of something special");
    }
    say(t, one);
    for (size_t left = c == '{' ? braces(t) : 0; left > 0; left--) {
        one[0] = (char)take(t);
        say(t, one);
    }
    if (peek(t, 0) == '?') {
        take(t);
        say(t, "?");
    }
    t->repeatable = false;
    return peek(t, 0) == '+' ? refuse(t, "a possessive quantifier") : true;
}

static bool translate_next(struct translator *t, const char *variable, bool first)
{
    int c = take(t);
    bool special = c == '{' && braces(t) == 0;
    if (special && (peek(t, 0) == ',' || peek(t, 0) == ' ' || (peek(t, 0) >= '0' && peek(t, 0) <= '9'))) {
        return refuse(t, "a brace that is nearly a quantifier");
    }
    switch (special ? 'x' : c) {
    case VARIABLE:
        python_parts_add_variable(t->out, variable);
        t->repeatable = false;
        return true;
    case '\\':
        return translate_escape(t);
    case '[':
        return translate_class(t);
    case '(':
        return translate_group(t, first);
    case ')':
        return close_group(t);
    case '*':
    case '+':
    case '?':
    case '{':
        return translate_quantifier(t, c);
    case '^':
    case '$':
    case '|':
        say(t, c == '^' ? "\\A" : c == '$' ? "\\Z" : "|");
        t->repeatable = false;
        return true;
    default:
        if (c == '.') {
            say(t, ".");
        } else {
            say_byte(t, c);
        }
        t->repeatable = true;
        t->names = false;
        return true;
    }
}

bool python_pattern(const struct python_parts *source, struct python_parts *out, char why[100])
{
    struct translator t = {.source = source, .out = out, .why = why};
    bool first = true, good = true;
    why[0] = 0;
    for (int c = peek(&t, 0); good && c != END; c = peek(&t, 0)) {
        const char *variable = NULL;
        if (c == VARIABLE) {
            size_t part = source->items[t.part].variable ? t.part : t.part + 1;
            variable = source->items[part].variable;
        }
        good = translate_next(&t, variable, first);
        first = false;
    }
    return good && (t.depth == 0 || refuse(&t, "a group that is not closed"));
}
