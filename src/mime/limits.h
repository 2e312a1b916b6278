/* Every size and number that a message may not exceed. What is above is refused, never cut. */
#ifndef MES_MIME_LIMITS_H
#define MES_MIME_LIMITS_H

enum {
    MES_LIMIT_LINE = 998,              /* bytes of a line before CRLF: RFC 5322 2.1.1 */
    MES_LIMIT_SOFT_LINE = 78,          /* where header lines are folded when they can be: the same */
    MES_LIMIT_ADDRESS = 254,           /* bytes of local@domain: RFC 5321 4.5.3.1.3 less the brackets */
    MES_LIMIT_LOCAL = 64,              /* RFC 5321 4.5.3.1.1 */
    MES_LIMIT_LABEL = 63,              /* RFC 1035 2.3.4 */
    MES_LIMIT_NAME = 1000,             /* bytes of a display name */
    MES_LIMIT_LIST = 1000,             /* addresses in one list of text */
    MES_LIMIT_TO = 1000000,            /* `to` recipients of one message object */
    MES_LIMIT_COPIES = 1000,           /* cc and bcc together */
    MES_LIMIT_SUBJECT = 10000,         /* bytes */
    MES_LIMIT_BODY = 64 * 1024 * 1024, /* bytes of text or HTML */
    MES_LIMIT_CALENDAR = 256 * 1024,   /* bytes of an invitation */
    MES_LIMIT_HEADERS = 1000,          /* custom header fields */
    MES_LIMIT_HEADER_NAME = 76,
    MES_LIMIT_HEADER = 64 * 1024,  /* bytes of one of them */
    MES_LIMIT_ATTACHMENTS = 10000, /* attachments and inline images */
    MES_LIMIT_FILE_NAME = 1024,    /* bytes of an attachment's name */
    MES_LIMIT_CONTENT = 1 << 30,   /* bytes of all of them together */
    MES_LIMIT_TYPE = 127,
    MES_LIMIT_CONTENT_ID = 100,
    MES_LIMIT_VARIABLE_NAME = 100,
    MES_LIMIT_VARIABLES = 1000,                 /* of the message, or of one recipient */
    MES_LIMIT_VARIABLE = 1024 * 1024,           /* bytes of a value */
    MES_CONTENT_IN_MEMORY = 256 * 1024,         /* larger attachments are kept in an unnamed file */
    MES_CONTENT_ALL_IN_MEMORY = 2 * 1024 * 1024 /* and so are all further ones above this sum */
};

#endif
