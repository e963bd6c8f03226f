namespace WireGate.Http.Tests.Http1;

/// <summary>Bytes that no two servers need to read the same way, and that are refused for it. Latin-1.</summary>
/// <param name="Name">What is wrong with them.</param>
/// <param name="Text">A head, or chunks.</param>
/// <param name="Status">What a client is told.</param>
internal sealed record SmugglingVector(string Name, string Text, int Status = 400);

/// <summary>The published ways to have two servers read two requests where one was sent.</summary>
internal static class SmugglingVectors
{
    private const string Post = "POST / HTTP/1.1\r\nHost: a\r\n";
    private const string Get = "GET / HTTP/1.1\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\n";

    // Of requests alone: what a gateway says of who asks, and what it is asked to wait for.
    private static readonly string[] OfRequests =
    [
        "TE with an underscore", "CL with an underscore", "another method with an underscore", "two Hosts", "an expectation of something else",
        "Connection that drops it by another name",
    ];

    /// <summary>Heads.</summary>
    public static IReadOnlyList<SmugglingVector> Heads { get; } =
    [
        new("CL and TE", Post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"),
        new("TE and CL", Post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"),
        new("a list of equal lengths", Post + "Content-Length: 4, 4\r\n\r\n"),
        new("the same length twice", Post + "Content-Length: 4\r\nContent-Length: 4\r\n\r\n"),
        new("two lengths", Post + "Content-Length: 4\r\nContent-Length: 5\r\n\r\n"),
        new("CL with a sign", Post + "Content-Length: +4\r\n\r\n"),
        new("negative CL", Post + "Content-Length: -4\r\n\r\n"),
        new("CL with a separator", Post + "Content-Length: 1_0\r\n\r\n"),
        new("hexadecimal CL", Post + "Content-Length: 0x10\r\n\r\n"),
        new("empty CL", Post + "Content-Length: \r\n\r\n"),
        new("CL of 2^63", Post + "Content-Length: 9223372036854775808\r\n\r\n"),
        new("CL of 2^64 and a bit", Post + "Content-Length: 18446744073709551617\r\n\r\n"),
        new("CL with a vertical tab", Post + "Content-Length: \x0b4\r\n\r\n"),
        new("CL with a blank of Latin-1", Post + "Content-Length: \xa04\r\n\r\n"),
        new("a blank before the colon", Post + "Content-Length : 4\r\n\r\n"),
        new("a tab before the colon", Post + "Transfer-Encoding\t: chunked\r\n\r\n"),
        new("TE identity", Post + "Transfer-Encoding: identity\r\n\r\n"),
        new("TE that does not end with chunked", Post + "Transfer-Encoding: chunked, identity\r\n\r\n"),
        new("TE of two codings", Post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        new("chunked twice", Post + "Transfer-Encoding: chunked, chunked\r\n\r\n", 501),
        new("TE twice", Post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
        new("TE xchunked", Post + "Transfer-Encoding: xchunked\r\n\r\n"),
        new("TE with a vertical tab", Post + "Transfer-Encoding: \x0bchunked\r\n\r\n"),
        new("TE with a next line", Post + "Transfer-Encoding: \x85chunked\r\n\r\n"),
        new("TE with a blank of Latin-1", Post + "Transfer-Encoding: \xa0chunked\r\n\r\n"),
        new("TE in quotes", Post + "Transfer-Encoding: \"chunked\"\r\n\r\n"),
        new("TE with a parameter", Post + "Transfer-Encoding: chunked;q=1\r\n\r\n"),
        new("empty TE", Post + "Transfer-Encoding:\r\n\r\n"),
        new("TE and HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
        new("TE with an underscore", Post + "Transfer_Encoding: chunked\r\n\r\n"),
        new("CL with an underscore", Post + "CONTENT_LENGTH: 4\r\n\r\n"),
        new("another method with an underscore", Post + "X_HTTP_Method: DELETE\r\n\r\n"),
        new("a Host that is longer than any", Get + "Host: " + new string('a', 256) + "\r\n\r\n"),
        new("bare LF", "GET / HTTP/1.1\nHost: a\n\n"),
        new("one bare LF", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"),
        new("an empty line of LF", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        new("bare CR in a value", Get + "Host: a\r\nX: b\rc\r\n\r\n"),
        new("bare CR before CRLF", Get + "Host: a\r\nX: b\r\r\n\r\n"),
        new("NUL in a value", Get + "Host: a\r\nX: b\0c\r\n\r\n"),
        new("DEL in a value", Get + "Host: a\r\nX: b\x7f\r\n\r\n"),
        new("a folded line", Get + "Host: a\r\nX: b\r\n c\r\n\r\n"),
        new("a line folded by a tab", Get + "Host: a\r\nX: b\r\n\tc\r\n\r\n"),
        new("a blank before the first field", Get + " Host: a\r\n\r\n"),
        new("a field without a name", Get + "Host: a\r\n: b\r\n\r\n"),
        new("a field without a colon", Get + "Host: a\r\nXb\r\n\r\n"),
        new("a name with a high byte", Get + "Host: a\r\nX\x80: b\r\n\r\n"),
        new("a name with a blank", Get + "Host: a\r\nX Y: b\r\n\r\n"),
        new("no Host", Get + "\r\n"),
        new("two Hosts", Get + "Host: a\r\nHost: a\r\n\r\n"),
        new("an empty Host", Get + "Host:\r\n\r\n"),
        new("a list of Hosts", Get + "Host: a,b\r\n\r\n"),
        new("a Host with a path", Get + "Host: a/b\r\n\r\n"),
        new("a Host with a user", Get + "Host: u@a\r\n\r\n"),
        new("a Host with a blank", Get + "Host: a b\r\n\r\n"),
        new("a Host with two ports", Get + "Host: a:1:2\r\n\r\n"),
        new("a Host with port 0", Get + "Host: a:0\r\n\r\n"),
        new("a Host with port 65536", Get + "Host: a:65536\r\n\r\n"),
        new("a Host with a zone", Get + "Host: [fe80::1%eth0]\r\n\r\n"),
        new("a Host that is no address", Get + "Host: [1:2]\r\n\r\n"),
        new("another Host in the target", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("a user in the target", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("a target of another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("a fragment", "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("a backslash", "GET /a\\..\\b HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("a high byte in the path", "GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("an escape that is none", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("half an escape", "GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("an asterisk for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("an authority for GET", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("CONNECT to a path", "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("CONNECT without a port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("a target without a slash", "GET x HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("a tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("two blanks in the request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("two blanks before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("a blank behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        new("HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
        new("HTTP/2.0", "PRI * HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        new("HTTP/01.1", "GET / HTTP/01.1\r\nHost: a\r\n\r\n"),
        new("http in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n"),
        new("HTTP/0.9", "GET /\r\n\r\n"),
        new("a method that is none", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("a method that is too long", new string('G', 25) + " / HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("no method", " / HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("two empty lines before it", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        new("a target that is too long", "GET /" + new string('a', 8 * 1024) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        new("an expectation of something else", Post + "Expect: 200-ok\r\n\r\n", 417),
        new("Connection that drops Authorization", Get + "Host: a\r\nConnection: close, Authorization\r\n\r\n"),
        new("Connection that drops Host", Get + "Host: a\r\nConnection: host\r\n\r\n"),
        new("Connection that drops Content-Length", Post + "Connection: content-length\r\nContent-Length: 4\r\n\r\n"),
        new("Connection that drops X-Forwarded-For", Get + "Host: a\r\nConnection: X-Forwarded-For\r\n\r\n"),
        new("Connection that drops it by another name", Get + "Host: a\r\nConnection: X_Forwarded_For\r\n\r\n"),
        new("more Connection options than there can be", Get + "Host: a\r\nConnection: a" + new string(',', 32) + "\r\n\r\n"),
        new("a Connection option that is none", Get + "Host: a\r\nConnection: a b\r\n\r\n"),
    ];

    /// <summary>Heads of answers: the fields of the requests above that mean as little there, and what a status line has of its own.</summary>
    public static IReadOnlyList<SmugglingVector> Answers { get; } =
    [
        .. Heads.Where(v => FieldsOf(v) is not null).Select(v => v with { Text = Ok + FieldsOf(v), Status = 502 }),
        new("TE and HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 502),
        new("bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", 502),
        new("one bare LF", "HTTP/1.1 200 OK\r\nContent-Length: 0\nX: b\r\n\r\n", 502),
        new("an empty line of LF", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n", 502),
        new("a blank before the first field", "HTTP/1.1 200 OK\r\n Content-Length: 0\r\n\r\n", 502),
        new("an empty line before it", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 502),
        new("no status line", "hello\r\n\r\n", 502),
        new("a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", 502),
        new("a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", 502),
        new("a status with a sign", "HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n", 502),
        new("a status that there is not", "HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n", 502),
        new("two blanks in the status line", "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n", 502),
        new("a tab in the status line", "HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n", 502),
        new("bare CR in the reason", "HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n", 502),
        new("NUL in the reason", "HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n", 502),
        new("HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n", 502),
        new("HTTP/2", "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n", 502),
        new("http in lower case", "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 502),
        new("204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n", 502),
        new("204 in chunks", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", 502),
        new("103 with a length", "HTTP/1.1 103 Early Hints\r\nContent-Length: 4\r\n\r\n", 502),
    ];

    /// <summary>What stands behind a head that says <c>Transfer-Encoding: chunked</c>.</summary>
    public static IReadOnlyList<SmugglingVector> Chunks { get; } =
    [
        new("no size", "\r\n"),
        new("a blank before a size", " 5\r\nhello\r\n"),
        new("a blank behind a size", "5 \r\nhello\r\n"),
        new("a tab behind a size", "5\t;x\r\nhello\r\n"),
        new("a sign", "+5\r\nhello\r\n"),
        new("a negative size", "-5\r\nhello\r\n"),
        new("a prefix", "0x5\r\nhello\r\n"),
        new("a separator", "5_0\r\nhello\r\n"),
        new("what is no digit", "g\r\n"),
        new("a size of sixteen digits", "1000000000000000\r\n"),
        new("a size of sixteen digits that is small", "0000000000000005\r\nhello\r\n"),
        new("LF alone behind a size", "5\nhello\r\n"),
        new("CR twice behind a size", "5\r\rhello\r\n"),
        new("LF alone behind a chunk", "5\r\nhello\n"),
        new("CR alone behind a chunk", "5\r\nhello\rx"),
        new("a chunk that is longer than it says", "5\r\nhello!\r\n"),
        new("LF in an extension", "5;x\nhello\r\n"),
        new("CR in an extension", "5;x\ry\r\nhello\r\n"),
        new("a line end within quotes", "5;x=\"a\r\nb\"\r\nhello\r\n"),
        new("an escaped line end", "5;x=\"\\\r\n"),
        new("NUL in an extension", "5;x\0\r\nhello\r\n"),
        new("a high byte in an extension", "5;\x80\r\nhello\r\n"),
        new("LF alone at the end", "0\r\n\n"),
        new("a trailer without a colon", "0\r\nX\r\n\r\n"),
        new("a trailer without a name", "0\r\n: 1\r\n\r\n"),
        new("a folded trailer", "0\r\n X: 1\r\n\r\n"),
        new("a blank before the colon of a trailer", "0\r\nX : 1\r\n\r\n"),
        new("a trailer that ends with LF alone", "0\r\nX: 1\n\r\n"),
        new("CR in a trailer", "0\r\nX: 1\r2\r\n\r\n"),
        new("NUL in a trailer", "0\r\nX: \0\r\n\r\n"),
    ];

    /// <summary>The field lines of a request behind its Host; null: they are not what is wrong with it, or not in an answer.</summary>
    private static string? FieldsOf(SmugglingVector vector)
    {
        string? start = new[] { Post, Get + "Host: a\r\n" }.FirstOrDefault(s => vector.Text.StartsWith(s, StringComparison.Ordinal));
        return start is null || OfRequests.Contains(vector.Name) ? null : vector.Text[start.Length..];
    }
}
