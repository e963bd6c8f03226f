using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials;
using WireGate.Http.Credentials.Aws;
using WireGate.Http.Holding;
using WireGate.Http.Http1;
using static WireGate.Fuzz.Parsers;

namespace WireGate.Fuzz.Http;

/// <summary>Values of fields that are read may be anything, and what is written of them is one value.</summary>
internal sealed class FieldFuzz
{
    private static readonly byte[][] Values =
    [
        Bytes("<https://api.test/v1?page=2>; rel=\"next\", </v1>; rel=x; title*=UTF-8''a"), Bytes("https://api.test:443/v1/../x#y"), Bytes("5; url=\"https://api.test/\""),
        Bytes("sid=\"a b\"; Domain=.api.test; Path=/; HttpOnly"), Bytes("//api.test\\x"), Bytes("</a,b;c>;rel"),
    ];

    [Test]
    public void Places_are_written_as_one_value() => Vary(101, Values, bytes =>
    {
        if (bytes.AsSpan().ContainsAny(Grammar.NotInValue))
        {
            return;
        }

        foreach (FieldName name in Places.Fields)
        {
            var output = new ArrayBufferWriter<byte>();
            bool isOther = new Places("api.test"u8, true, "gate.test:8443"u8, true, "/api"u8).TryWrite(output, name, bytes);
            Assert.That(isOther || output.WrittenCount == 0, "what stays as it is is not written");
            Assert.That(output.WrittenSpan.ContainsAny(Grammar.NotInValue), Is.False);
        }
    });

    [Test]
    public void A_cookie_is_counted_whatever_is_around_it() => Vary(102, [Bytes("a=1; B_c=\"2\"; sid"), Bytes("sid=1, %73id[0]=2; a=3"), Bytes("=%00; a%255B=")], bytes =>
    {
        foreach (string cookie in (string[])["sid=1", "\"SID\"=1", "%2573id[0]=1", " sid%00x=1"])
        {
            Assert.That(CookieText.CountOf([.. bytes, .. "; "u8, .. Bytes(cookie)], "sid"u8), Is.EqualTo(CookieText.CountOf(bytes, "sid"u8) + 1));
        }

        if (CookieText.TryFind(bytes, out Range pair, out ReadOnlySpan<byte> text))
        {
            Assert.That(bytes.AsSpan()[pair].EndsWith(text));
        }
    });

    [Test]
    public void Preferences_and_what_is_said_of_payloads()
    {
        var config = new AwsSigningConfig { AccessKey = "id", Region = "r", Service = "s3" };
        Vary(103, [Request("respond-async, wait=10", "UNSIGNED-PAYLOAD"), Request("wait=\"5\";x, foo", new string('a', 64)), Request("wait=99999999999", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")], bytes =>
        {
            using var head = new RequestHead();
            if (head.TryRead(new ReadOnlySequence<byte>(bytes), out _))
            {
                Assert.That(Preferences.Of(head).Wait, Is.Null.Or.GreaterThanOrEqualTo(TimeSpan.Zero));
                AwsPayload payload = AwsPayload.Of(head, config);
                Assert.That(payload.Hash is null || payload.Problem is null);
                Assert.That(payload.Hash is null || payload.Hash.Length == 64, "a hash, and nothing that a client made up");
            }
        });
    }

    [Test]
    public void A_head_that_is_signed_is_one()
    {
        var config = new AwsSigningConfig { AccessKey = "id", Region = "r", Service = "s3" };
        using var signer = new AwsSigner(config, Secret.CopyOf("AKIA"u8), Secret.CopyOf("secret"u8), Secret.CopyOf("session"u8));
        Vary(104, [Request("a", "b"), Bytes("GET /a%20b//../c?x=%41&y&=&%zz HTTP/1.1\r\nHost: s3.test\r\nx-amz-date:  a  b \r\nContent-Type: \r\nX-Amz-Meta-A: 1\r\nx-amz-meta-a: 2\r\n\r\n")], bytes =>
        {
            using var head = new RequestHead();
            if (!head.TryRead(new ReadOnlySequence<byte>(bytes), out _) || head.ReadTarget().Form != TargetForm.Origin)
            {
                return;
            }

            var plain = new ArrayBufferWriter<byte>();
            using Secret nothing = Secret.CopyOf("AKIA"u8);
            using Credential credential = Credential.OfAws(new HttpLoginConfig { Secret = "s", Surface = HttpSurface.Signature, Aws = config }, nothing, nothing)!;
            RequestTarget target = head.ReadTarget();
            HeadWriter.WriteRequest(plain, head, target.Path, "s3.test"u8, default, credential);
            var signed = new ArrayBufferWriter<byte>();
            signer.Write(signed, plain.WrittenSpan, AwsPayload.Unsigned, DateTimeOffset.UnixEpoch)[^1].Dispose();
            using var again = new RequestHead();
            Assert.That(again.TryRead(new ReadOnlySequence<byte>(signed.WrittenMemory), out SequencePosition end), Is.True, Encoding.Latin1.GetString(signed.WrittenSpan));
            Assert.That(end.GetInteger(), Is.EqualTo(signed.WrittenCount), "one request went on as one");
            Assert.That(again.Body, Is.EqualTo(head.Body));
        });
    }

    private static byte[] Request(string preference, string payload) =>
        Bytes($"PUT /bucket/a%20b?x-id=1&y HTTP/1.1\r\nHost: s3.test\r\nPrefer: {preference}\r\nX-Amz-Content-Sha256: {payload}\r\nX-Amz-Meta-A:  1  2\r\nContent-Length: 5\r\n\r\n");

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
