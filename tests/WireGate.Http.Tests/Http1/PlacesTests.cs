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

    [TestCase("<https://api.test/x?page=2>; rel=\"next\", <https://api.test/x?page=9>; rel=\"last\"", "<http://gate:8080/api/x?page=2>; rel=\"next\", <http://gate:8080/api/x?page=9>; rel=\"last\"")]
    [TestCase("<https://other.test/>; rel=a,, </x>;rel=b ; as = style;crossorigin,", "<https://other.test/>; rel=a,, </api/x>;rel=b ; as = style;crossorigin,")]
    [TestCase("<//api.test>", "<http://gate:8080/api>")]
    [TestCase("</x>; title=\"<https://api.test/y>, \\\" \"; rel=a, </z>", "</api/x>; title=\"<https://api.test/y>, \\\" \"; rel=a, </api/z>")]
    [TestCase("</x>; anchor=\"https://api.test/y\"; type=text/css", "</api/x>; anchor=\"https://api.test/y\"; type=text/css")]
    [TestCase("</a,b;c>", "</api/a,b;c>")]
    [TestCase("<x>; rel=next", null)]
    [TestCase("<>; rel=self", null)]
    [TestCase("", null)]
    [TestCase("</x>; rel=\"next", null, TestName = "A link that does not end")]
    [TestCase("</x>; rel=\"next\\", null, TestName = "A link that ends with an escape")]
    [TestCase("</x", null)]
    [TestCase("<", null)]
    [TestCase("</x> rel=next", null)]
    [TestCase("</x>;", "</api/x>;")]
    [TestCase("</x>;; rel=a , </y>", "</api/x>;; rel=a , </api/y>")]
    [TestCase("</x>; =a", null)]
    [TestCase("</x>; rel=", null)]
    [TestCase("</x>; rel=a b", null)]
    [TestCase("</x>; rel=\"a\"b", null)]
    [TestCase("</x y|\">", "</api/x y|\">")]
    [TestCase("</x</y>", null)]
    [TestCase("</x><https://api.test/y>", null)]
    [TestCase("</x>, y", null)]
    [TestCase("/x", null)]
    public void Links(string value, string? expected) => Assert.That(Write(FieldName.Link, value), Is.EqualTo(expected));

    [Test]
    public void Links_that_would_grow_beyond_measure() => Assert.That(Write(FieldName.Link, string.Concat(Enumerable.Repeat("</x>,", 10_000))), Is.Null);

    [TestCase("https://api.test", "http://gate:8080")]
    [TestCase("https://api.test:443", "http://gate:8080")]
    [TestCase("*", null)]
    [TestCase("null", null)]
    [TestCase("https://app.example", null)]
    [TestCase("http://api.test", null)]
    [TestCase("https://api.test/", null)]
    [TestCase("https://api.test, https://b.test", null)]
    public void An_origin(string value, string? expected) => Assert.That(Write(FieldName.AccessControlAllowOrigin, value), Is.EqualTo(expected));

    [TestCase(FieldName.Location, "https://API.test:443/x")]
    [TestCase(FieldName.Link, "<https://API.test/x>; rel=next")]
    [TestCase(FieldName.AccessControlAllowOrigin, "https://api.test:443")]
    [TestCase(FieldName.SetCookie, "a=b; Domain=api.test")]
    public void A_client_that_names_the_upstream_by_its_own_name_gets_what_it_says(object name, string value)
    {
        var output = new ArrayBufferWriter<byte>();
        var places = new Places("api.test"u8, true, "api.test:443"u8, true, default);
        Assert.That(places.TryWrite(output, (FieldName)name, Encoding.ASCII.GetBytes(value)), Is.False);
        Assert.That(output.WrittenCount, Is.Zero);
    }

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
