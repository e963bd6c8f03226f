using System.Buffers;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Http.Http1;
using static WireGate.Http.Tests.Http1.Wire;

namespace WireGate.Http.Tests.Http1;

/// <summary>
/// The published ways to have two servers read two requests where one was sent, each refused before a byte goes anywhere; what a client is
/// told.
/// </summary>
internal sealed class RequestRefusalTests
{
    private const string Post = "POST / HTTP/1.1\r\nHost: a\r\n";
    private const string Get = "GET / HTTP/1.1\r\n";

    private static readonly TestCaseData[] Vectors =
    [
        Of("CL and TE", Post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Of("TE and CL", Post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"),
        Of("a list of equal lengths", Post + "Content-Length: 4, 4\r\n\r\n"),
        Of("the same length twice", Post + "Content-Length: 4\r\nContent-Length: 4\r\n\r\n"),
        Of("two lengths", Post + "Content-Length: 4\r\nContent-Length: 5\r\n\r\n"),
        Of("CL with a sign", Post + "Content-Length: +4\r\n\r\n"),
        Of("negative CL", Post + "Content-Length: -4\r\n\r\n"),
        Of("CL with a separator", Post + "Content-Length: 1_0\r\n\r\n"),
        Of("hexadecimal CL", Post + "Content-Length: 0x10\r\n\r\n"),
        Of("empty CL", Post + "Content-Length: \r\n\r\n"),
        Of("CL of 2^63", Post + "Content-Length: 9223372036854775808\r\n\r\n"),
        Of("CL of 2^64 and a bit", Post + "Content-Length: 18446744073709551617\r\n\r\n"),
        Of("CL with a vertical tab", Post + "Content-Length: \x0b4\r\n\r\n"),
        Of("CL with a blank of Latin-1", Post + "Content-Length: \xa04\r\n\r\n"),
        Of("a blank before the colon", Post + "Content-Length : 4\r\n\r\n"),
        Of("a tab before the colon", Post + "Transfer-Encoding\t: chunked\r\n\r\n"),
        Of("TE identity", Post + "Transfer-Encoding: identity\r\n\r\n"),
        Of("TE that does not end with chunked", Post + "Transfer-Encoding: chunked, identity\r\n\r\n"),
        Of("TE of two codings", Post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        Of("chunked twice", Post + "Transfer-Encoding: chunked, chunked\r\n\r\n", 501),
        Of("TE twice", Post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Of("TE xchunked", Post + "Transfer-Encoding: xchunked\r\n\r\n"),
        Of("TE with a vertical tab", Post + "Transfer-Encoding: \x0bchunked\r\n\r\n"),
        Of("TE with a next line", Post + "Transfer-Encoding: \x85chunked\r\n\r\n"),
        Of("TE with a blank of Latin-1", Post + "Transfer-Encoding: \xa0chunked\r\n\r\n"),
        Of("TE in quotes", Post + "Transfer-Encoding: \"chunked\"\r\n\r\n"),
        Of("TE with a parameter", Post + "Transfer-Encoding: chunked;q=1\r\n\r\n"),
        Of("empty TE", Post + "Transfer-Encoding:\r\n\r\n"),
        Of("TE and HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Of("TE with an underscore", Post + "Transfer_Encoding: chunked\r\n\r\n"),
        Of("CL with an underscore", Post + "CONTENT_LENGTH: 4\r\n\r\n"),
        Of("a forwarded field with an underscore", Post + "X_Forwarded-For: 10.0.0.1\r\n\r\n"),
        Of("bare LF", "GET / HTTP/1.1\nHost: a\n\n"),
        Of("one bare LF", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"),
        Of("an empty line of LF", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        Of("bare CR in a value", Get + "Host: a\r\nX: b\rc\r\n\r\n"),
        Of("bare CR before CRLF", Get + "Host: a\r\nX: b\r\r\n\r\n"),
        Of("NUL in a value", Get + "Host: a\r\nX: b\0c\r\n\r\n"),
        Of("DEL in a value", Get + "Host: a\r\nX: b\x7f\r\n\r\n"),
        Of("a folded line", Get + "Host: a\r\nX: b\r\n c\r\n\r\n"),
        Of("a line folded by a tab", Get + "Host: a\r\nX: b\r\n\tc\r\n\r\n"),
        Of("a blank before the first field", Get + " Host: a\r\n\r\n"),
        Of("a field without a name", Get + "Host: a\r\n: b\r\n\r\n"),
        Of("a field without a colon", Get + "Host: a\r\nXb\r\n\r\n"),
        Of("a name with a high byte", Get + "Host: a\r\nX\x80: b\r\n\r\n"),
        Of("a name with a blank", Get + "Host: a\r\nX Y: b\r\n\r\n"),
        Of("no Host", Get + "\r\n"),
        Of("two Hosts", Get + "Host: a\r\nHost: a\r\n\r\n"),
        Of("an empty Host", Get + "Host:\r\n\r\n"),
        Of("a list of Hosts", Get + "Host: a,b\r\n\r\n"),
        Of("a Host with a path", Get + "Host: a/b\r\n\r\n"),
        Of("a Host with a user", Get + "Host: u@a\r\n\r\n"),
        Of("a Host with a blank", Get + "Host: a b\r\n\r\n"),
        Of("a Host with two ports", Get + "Host: a:1:2\r\n\r\n"),
        Of("a Host with port 0", Get + "Host: a:0\r\n\r\n"),
        Of("a Host with port 65536", Get + "Host: a:65536\r\n\r\n"),
        Of("a Host with a zone", Get + "Host: [fe80::1%eth0]\r\n\r\n"),
        Of("a Host that is no address", Get + "Host: [1:2]\r\n\r\n"),
        Of("another Host in the target", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("a user in the target", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("a target of another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("a fragment", "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("a backslash", "GET /a\\..\\b HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("a high byte in the path", "GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("an escape that is none", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("half an escape", "GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("an asterisk for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("an authority for GET", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("CONNECT to a path", "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("CONNECT without a port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("a target without a slash", "GET x HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("a tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("two blanks in the request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("two blanks before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("a blank behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        Of("HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
        Of("HTTP/2.0", "PRI * HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        Of("HTTP/01.1", "GET / HTTP/01.1\r\nHost: a\r\n\r\n"),
        Of("http in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n"),
        Of("HTTP/0.9", "GET /\r\n\r\n"),
        Of("a method that is none", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("a method that is too long", new string('G', 25) + " / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("no method", " / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("two empty lines before it", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Of("a target that is too long", "GET /" + new string('a', RequestHead.MostTarget) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        Of("an expectation of something else", Post + "Expect: 200-ok\r\n\r\n", 417),
        Of("Connection that drops Authorization", Get + "Host: a\r\nConnection: close, Authorization\r\n\r\n"),
        Of("Connection that drops Host", Get + "Host: a\r\nConnection: host\r\n\r\n"),
        Of("Connection that drops Content-Length", Post + "Connection: content-length\r\nContent-Length: 4\r\n\r\n"),
        Of("Connection that drops X-Forwarded-For", Get + "Host: a\r\nConnection: X-Forwarded-For\r\n\r\n"),
        Of("Connection that drops it by another name", Get + "Host: a\r\nConnection: X_Forwarded_For\r\n\r\n"),
        Of("a Connection option that is none", Get + "Host: a\r\nConnection: a b\r\n\r\n"),
    ];

    [TestCaseSource(nameof(Vectors))]
    public void Refuses(string request, int status)
    {
        using var head = new RequestHead();
        byte[] bytes = Bytes(request);

        Assert.That(() => head.TryRead(new ReadOnlySequence<byte>(bytes), out _), Throws.InstanceOf<ProtocolException>().With.Property("Peer").EqualTo(Peer.Client));
        Assert.That(head.Status, Is.EqualTo(status));
    }

    private static TestCaseData Of(string name, string request, int status = 400) => new TestCaseData(request, status).SetName($"Refuses: {name}");
}
