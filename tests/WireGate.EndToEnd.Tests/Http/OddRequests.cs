namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A request that is valid, and of which servers have made two.</summary>
/// <param name="Name">What is odd about it.</param>
/// <param name="Text">All of it, with {path} and {field} for where it goes and the placeholder.</param>
/// <param name="Method">Its method.</param>
/// <param name="Body">What its body carries.</param>
/// <param name="IsLast">Nothing on the connection is answered behind it.</param>
internal sealed record OddRequest(string Name, string Text, string Method = "PUT", string Body = "hello", bool IsLast = false);

/// <summary>What is served, though it is not how most clients write.</summary>
internal static class OddRequests
{
    private const string Put = "PUT {path} HTTP/1.1\r\nHost: a\r\n{field}\r\n";
    private const string Get = "GET {path} HTTP/1.1\r\nHost: a\r\n{field}\r\n";
    private const string Hidden = "GET /any/hidden HTTP/1.1\r\nHost: a\r\n\r\n";

    public static IReadOnlyList<OddRequest> All { get; } =
    [
        new("two requests at once", Get + "\r\n", "GET", ""),
        new("an empty line before it", "\r\n" + Get + "\r\n", "GET", ""),
        new("an empty line behind a body", Put + "Content-Length: 5\r\n\r\nhello\r\n"),
        new("a length with zeros before it", Put + "Content-Length: 0005\r\n\r\nhello"),
        new("no blank behind the colon", Put + "content-length:5\r\n\r\nhello"),
        new("tabs around a length", Put + "Content-Length:\t5\t\r\n\r\nhello"),
        new("an empty body", Put + "Content-Length: 0\r\n\r\n", Body: ""),
        new("a body that is a request", Put + $"Content-Length: {Hidden.Length}\r\n\r\n{Hidden}", Body: Hidden),
        new("a body that looks like the end of one", Put + $"Content-Length: {Hidden.Length + 5}\r\n\r\n0\r\n\r\n{Hidden}", Body: "0\r\n\r\n" + Hidden),
        new("a chunk that is a request", Put + $"Transfer-Encoding: chunked\r\n\r\n{Hidden.Length:x}\r\n{Hidden}\r\n0\r\n\r\n", Body: Hidden),
        new("chunks in lower case", Put + "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        new("chunks in upper case", Put + "TRANSFER-ENCODING: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        new("a tab around chunked", Put + "Transfer-Encoding:\tchunked\t\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        new("chunk extensions", Put + "Transfer-Encoding: chunked\r\n\r\n2;x=1\r\nhe\r\n3;y=\"a;\\\"0\" ; z\r\nllo\r\n0;last\r\n\r\n"),
        new("chunk sizes with zeros before them", Put + "Transfer-Encoding: chunked\r\n\r\n0000005\r\nhello\r\n000\r\n\r\n"),
        new("trailers", Put + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n"),
        new("trailers that frame", Put + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\n"),
        new("GET with a body", Get + $"Content-Length: {Hidden.Length}\r\n\r\n{Hidden}", "GET", Hidden),
        new("GET with chunks", Get + $"Transfer-Encoding: chunked\r\n\r\n{Hidden.Length:x}\r\n{Hidden}\r\n0\r\n\r\n", "GET", Hidden),
        new("HEAD with a body", Get.Replace("GET", "HEAD", StringComparison.Ordinal) + $"Content-Length: {Hidden.Length}\r\n\r\n{Hidden}", "HEAD", Hidden),
        new("DELETE with a body", Get.Replace("GET", "DELETE", StringComparison.Ordinal) + $"Content-Length: {Hidden.Length}\r\n\r\n{Hidden}", "DELETE", Hidden),
        new("an expectation and the body with it", Put + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"),
        new("an absolute target", Get.Replace("{path}", "http://a{path}", StringComparison.Ordinal) + "\r\n", "GET", ""),
        new("Connection: close and another behind it", Get + $"Connection: close\r\n\r\n{Hidden}", "GET", "", IsLast: true),
        new("HTTP/1.0 and another behind it", Get.Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal) + $"\r\n{Hidden}", "GET", "", IsLast: true),
        new("Connection that names a field of the client's own", Get + "Connection: X-Mine\r\nX-Mine: 1\r\n\r\n", "GET", ""),
    ];
}
