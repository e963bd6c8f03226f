using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Http.Http1;

namespace WireGate.Http.Tests.Http1;

/// <summary>What a response says of where something is leads back to the gateway, if it is the upstream's, and nowhere else.</summary>
internal sealed class PlacesTests
{
    [TestCase("https://api.test/x?y#z", "http://gate:8080/api/x?y#z")]
    [TestCase("HTTPS://API.Test:443", "http://gate:8080/api")]
    [TestCase("//api.test/x", "http://gate:8080/api/x")]
    [TestCase("/x", "/api/x")]
    [TestCase("/login?next=https://api.test/y", "/api/login?next=https://api.test/y")]
    [TestCase("/a://api.test", "/api/a://api.test")]
    [TestCase("x?next=https://api.test/y", null)]
    [TestCase("x", null)]
    [TestCase("?x", null)]
    [TestCase("http://api.test/x", null, TestName = "Another scheme is another place")]
    [TestCase("https://api.test:8443/x", null)]
    [TestCase("https://api.test.evil/x", null)]
    [TestCase("https://user@api.test/x", null)]
    [TestCase("ftp://api.test/x", null)]
    [TestCase("", null)]
    public void A_reference(string value, string? expected)
    {
        Assert.That(Write(FieldName.Location, value), Is.EqualTo(expected));
        Assert.That(Write(FieldName.ContentLocation, value), Is.EqualTo(expected));
    }

    [TestCase("5; url=https://api.test/x", "5; url=http://gate:8080/api/x")]
    [TestCase("0;URL='/x'", "0;URL='/api/x'")]
    [TestCase("5", null)]
    [TestCase("5; url=https://other.test/", null)]
    [TestCase("a=b", null)]
    public void Refresh(string value, string? expected) => Assert.That(Write(FieldName.Refresh, value), Is.EqualTo(expected));

    [TestCase("a=b; Domain=api.test; Secure", "a=b; Secure")]
    [TestCase("a=b; domain=.TEST", "a=b")]
    [TestCase("a=b; Path=/; HttpOnly", "a=b; Path=/api/; HttpOnly")]
    [TestCase("a=b; Path=x", null)]
    [TestCase("a=b; Domain=other.test", null)]
    [TestCase("a=b; Domain=pi.test", null)]
    [TestCase("Domain=api.test", null, TestName = "A cookie of that name")]
    public void A_cookie(string value, string? expected) => Assert.That(Write(FieldName.SetCookie, value), Is.EqualTo(expected));

    [Test]
    public void Of_a_client_that_names_nothing_nothing_is_written_otherwise() =>
        Assert.That(Write(FieldName.Location, "https://api.test/x", client: ""), Is.Null);

    [Test]
    public void Without_a_prefix_paths_are_the_same()
    {
        Assert.That(Write(FieldName.Location, "/x", prefix: ""), Is.Null);
        Assert.That(Write(FieldName.SetCookie, "a=b; Path=/x", prefix: ""), Is.Null);
        Assert.That(Write(FieldName.Location, "https://api.test/x", prefix: ""), Is.EqualTo("http://gate:8080/x"));
    }

    private static string? Write(FieldName name, string value, string client = "gate:8080", string prefix = "/api")
    {
        var output = new ArrayBufferWriter<byte>();
        var places = new Places("api.test"u8, true, Encoding.ASCII.GetBytes(client), false, Encoding.ASCII.GetBytes(prefix));
        return places.TryWrite(output, name, Encoding.ASCII.GetBytes(value)) ? Encoding.ASCII.GetString(output.WrittenSpan) : null;
    }
}
