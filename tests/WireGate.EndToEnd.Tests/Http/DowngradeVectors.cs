namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A request in HTTP/2 that would be two in HTTP/1.1, or another.</summary>
/// <param name="Name">What is wrong with it.</param>
/// <param name="Fields">All of its fields, as they stand.</param>
/// <param name="Body">Null: it ends with its fields.</param>
/// <param name="Trailers">Fields behind the body; null: none.</param>
internal sealed record DowngradeVector(string Name, IReadOnlyList<(string Name, string Value)> Fields, string? Body = null, IReadOnlyList<(string Name, string Value)>? Trailers = null);

/// <summary>
/// The published ways to smuggle a request of HTTP/1.1 in one of HTTP/2, and requests that are odd and mean one thing. {path} and {token} stand for where
/// it goes and the placeholder.
/// </summary>
internal static class DowngradeVectors
{
    /// <summary>What must never be a request.</summary>
    public const string Hidden = "GET /any/hidden HTTP/1.1\r\nHost: a\r\nX: y";

    private const string Split = $"\r\n\r\n{Hidden}";
    private static readonly (string Name, string Value) Method = (":method", "PUT"), Scheme = (":scheme", "http"), Path = (":path", "{path}"), Authority = (":authority", "a");
    private static readonly (string Name, string Value) Token = ("authorization", "Bearer {token}");
    private static readonly (string Name, string Value)[] Put = [Method, Scheme, Path, Authority, Token];

    /// <summary>What is refused.</summary>
    public static IReadOnlyList<DowngradeVector> Refused { get; } =
    [
        new("H2.CL: a length of nothing, and a request behind it", [.. Put, ("content-length", "0")], Hidden + "\r\n\r\n"),
        new("H2.CL: a length that is too short", [.. Put, ("content-length", "4")], "abcd" + Hidden),
        new("H2.CL: a length that is too long", [.. Put, ("content-length", "50")], "abc"),
        new("H2.CL: a length and no body", [.. Put, ("content-length", "5")]),
        new("H2.CL: a length that ends with trailers", [.. Put, ("content-length", "5")], "abc", [("x-trailer", "1")]),
        new("H2.CL: two lengths", [.. Put, ("content-length", "3"), ("content-length", "0")], "abc"),
        new("H2.CL: the same length twice", [.. Put, ("content-length", "3"), ("content-length", "3")], "abc"),
        new("H2.CL: a list of lengths", [.. Put, ("content-length", "3, 3")], "abc"),
        new("H2.CL: a length with a sign", [.. Put, ("content-length", "+3")], "abc"),
        new("H2.CL: a hexadecimal length", [.. Put, ("content-length", "0x3")], "abc"),
        new("H2.CL: an empty length", [.. Put, ("content-length", "")], "abc"),
        new("H2.CL: a length of 2^64 and three", [.. Put, ("content-length", "18446744073709551619")], "abc"),
        new("H2.CL: a name with an underscore", [.. Put, ("content_length", "0")], "abc"),
        new("H2.TE: chunks", [.. Put, ("transfer-encoding", "chunked")], $"0\r\n\r\n{Hidden}\r\n\r\n"),
        new("H2.TE: chunks and a length", [.. Put, ("transfer-encoding", "chunked"), ("content-length", "3")], "abc"),
        new("H2.TE: in other case", [.. Put, ("Transfer-Encoding", "chunked")], $"0\r\n\r\n{Hidden}\r\n\r\n"),
        new("H2.TE: a name with an underscore", [.. Put, ("transfer_encoding", "chunked")], $"0\r\n\r\n{Hidden}\r\n\r\n"),
        new("H2.TE: identity", [.. Put, ("transfer-encoding", "identity")], "abc"),
        new("H2.TE: by a value with a line end", [.. Put, ("x", "y\r\ntransfer-encoding: chunked")], $"0\r\n\r\n{Hidden}\r\n\r\n"),
        new("H2.TE: by a name with a line end", [.. Put, ("x: y\r\ntransfer-encoding", "chunked")], $"0\r\n\r\n{Hidden}\r\n\r\n"),
        new("H2.TE: by a value with LF", [.. Put, ("x", "y\ntransfer-encoding: chunked")], $"0\r\n\r\n{Hidden}\r\n\r\n"),
        new("H2.TE: in trailers", Put, "abc", [("transfer-encoding", "chunked")]),
        new("a value that is a request", [.. Put, ("x", "y" + Split)]),
        new("a value with CR", [.. Put, ("x", "a\rb")]),
        new("a value with LF", [.. Put, ("x", "a\nb")]),
        new("a value with NUL", [.. Put, ("x", "a\0b")]),
        new("a value that ends with CRLF", [.. Put, ("x", "a\r\n")]),
        new("a value that begins with a blank", [.. Put, ("x", " a")]),
        new("a value that ends with a tab", [.. Put, ("x", "a\t")]),
        new("a value with a control character", [.. Put, ("x", "a\x01")]),
        new("a name that is a request", [.. Put, ($"x: y{Split}", "z")]),
        new("a name with CR", [.. Put, ("x\r", "a")]),
        new("a name with LF", [.. Put, ("x\n", "a")]),
        new("a name with NUL", [.. Put, ("x\0", "a")]),
        new("a name with a colon", [.. Put, ("content-length: 0\r\nx", "a")]),
        new("a name with a blank", [.. Put, ("content-length ", "0")], "abc"),
        new("a name with a colon at its end", [.. Put, ("host:", "b")]),
        new("an empty name", [.. Put, ("", "a")]),
        new("a name in upper case", [.. Put, ("X", "a")]),
        new("a name of obs-text", [.. Put, ("\xe4", "a")]),
        new("a path that is a request", [Method, Scheme, (":path", $"{{path}} HTTP/1.1\r\nHost: a{Split}"), Authority, Token]),
        new("a path with CRLF", [Method, Scheme, (":path", "{path}\r\nx: y"), Authority, Token]),
        new("a path with LF", [Method, Scheme, (":path", "{path}\nx: y"), Authority, Token]),
        new("a path with NUL", [Method, Scheme, (":path", "{path}\0"), Authority, Token]),
        new("a path with a blank", [Method, Scheme, (":path", "{path} HTTP/1.0"), Authority, Token]),
        new("a path with a tab", [Method, Scheme, (":path", "{path}\tHTTP/1.0"), Authority, Token]),
        new("a path with a fragment", [Method, Scheme, (":path", "{path}#x"), Authority, Token]),
        new("a path with a high byte", [Method, Scheme, (":path", "{path}\xe4"), Authority, Token]),
        new("a path without a slash", [Method, Scheme, (":path", "any"), Authority, Token]),
        new("a path of another host", [Method, Scheme, (":path", "http://b{path}"), Authority, Token]),
        new("an empty path", [Method, Scheme, (":path", ""), Authority, Token]),
        new("a method that is a request", [(":method", $"GET /any/hidden HTTP/1.1\r\nHost: a\r\n\r\nPUT"), Scheme, Path, Authority, Token]),
        new("a method with a path", [(":method", "GET /any/hidden"), Scheme, Path, Authority, Token]),
        new("a method with CRLF", [(":method", "PUT\r\n"), Scheme, Path, Authority, Token]),
        new("a method that is no token", [(":method", "P(T"), Scheme, Path, Authority, Token]),
        new("an empty method", [(":method", ""), Scheme, Path, Authority, Token]),
        new("an authority that is a request", [Method, Scheme, Path, (":authority", "a" + Split), Token]),
        new("an authority with LF", [Method, Scheme, Path, (":authority", "a\nx: y"), Token]),
        new("an authority with a blank", [Method, Scheme, Path, (":authority", "a b"), Token]),
        new("an authority with a path", [Method, Scheme, Path, (":authority", "a/b"), Token]),
        new("an authority with a user", [Method, Scheme, Path, (":authority", "u@a"), Token]),
        new("a list of authorities", [Method, Scheme, Path, (":authority", "a,b"), Token]),
        new("an empty authority", [Method, Scheme, Path, (":authority", ""), Token]),
        new("a scheme that is a target", [Method, (":scheme", "http://a/any/hidden?"), Path, Authority, Token]),
        new("a scheme that is a request", [Method, (":scheme", "http" + Split), Path, Authority, Token]),
        new("an unknown scheme", [Method, (":scheme", "ftp"), Path, Authority, Token]),
        new("two methods", [Method, (":method", "GET"), Scheme, Path, Authority, Token]),
        new("two paths", [Method, Scheme, Path, (":path", "/any/hidden"), Authority, Token]),
        new("two schemes", [Method, Scheme, (":scheme", "https"), Path, Authority, Token]),
        new("two authorities", [Method, Scheme, Path, Authority, (":authority", "b"), Token]),
        new("no method", [Scheme, Path, Authority, Token]),
        new("no path", [Method, Scheme, Authority, Token]),
        new("no scheme", [Method, Path, Authority, Token]),
        new("no authority and no Host", [Method, Scheme, Path, Token]),
        new("another Host than the authority", [.. Put, ("host", "b")]),
        new("two Hosts", [.. Put, ("host", "a"), ("host", "a")]),
        new("a Host that is a request", [Method, Scheme, Path, Token, ("host", "a" + Split)]),
        new("a pseudo-field behind a field", [Method, Scheme, Path, Token, Authority]),
        new("an unknown pseudo-field", [.. Put[..4], (":x", "y"), Token]),
        new("one of answers", [.. Put[..4], (":status", "200"), Token]),
        new("a pseudo-field in trailers", Put, "abc", [(":path", "/any/hidden")]),
        new("a trailer with a line end", Put, "abc", [("x", "y" + Split)]),
        new("a trailer in upper case", Put, "abc", [("X", "y")]),
        new("Connection", [.. Put, ("connection", "content-length")], "abc"),
        new("Keep-Alive", [.. Put, ("keep-alive", "5")]),
        new("Proxy-Connection", [.. Put, ("proxy-connection", "close")]),
        new("Upgrade", [.. Put, ("upgrade", "h2c")]),
        new("TE of a coding", [.. Put, ("te", "chunked")]),
        new("an expectation of something else", [.. Put, ("expect", "200-ok")]),
        new("another method with an underscore", [.. Put, ("x_http_method", "DELETE")]),
        new("CONNECT with a path", [(":method", "CONNECT"), Scheme, Path, Authority, Token]),
        new("Extended CONNECT", [(":method", "CONNECT"), (":protocol", "websocket"), Scheme, Path, Authority, Token]),
    ];

    /// <summary>What is served.</summary>
    public static IReadOnlyList<DowngradeVector> Accepted { get; } =
    [
        new("no body", Put),
        new("no length", Put, "hello"),
        new("a length", [.. Put, ("content-length", "5")], "hello"),
        new("a length with zeros before it", [.. Put, ("content-length", "005")], "hello"),
        new("an empty body", Put, ""),
        new("a body that is a request", Put, Hidden + "\r\n\r\n"),
        new("a body that looks like its end", Put, $"0\r\n\r\n{Hidden}\r\n\r\n"),
        new("a counted body that looks like its end", [.. Put, ("content-length", $"{Hidden.Length + 9}")], $"0\r\n\r\n{Hidden}\r\n\r\n"),
        new("trailers", Put, "hello", [("x-trailer", "1")]),
        new("trailers that frame", Put, "hello", [("content-length", "100")]),
        new("the same Host", [.. Put, ("host", "a")], "hello"),
        new("Host alone", [Method, Scheme, Path, Token, ("host", "a")], "hello"),
        new("crumbs of a cookie", [.. Put, ("cookie", "a=1"), ("cookie", "b=2")], "hello"),
        new("TE: trailers", [.. Put, ("te", "trailers")], "hello"),
        new("a value of obs-text", [.. Put, ("x", "\xe4\tb")], "hello"),
        new("an empty value", [.. Put, ("x", "")], "hello"),
    ];
}
