using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres.Tests.Messages;

internal sealed class ParsersTests
{
    private static readonly UpstreamText Texts = new("app_ro", null);

    [Test]
    public void Reads_an_error_whole()
    {
        ErrorFields fields = ErrorFields.Read(Wire.Bytes("SFEHLER\0VERROR\0C42P01\0Mno table\0Dd\0Hh\0Ffile\0\0"), Texts);
        Assert.That(fields, Is.EqualTo(new ErrorFields("ERROR", "42P01", "no table", "d", "h")));
    }

    [Test]
    public void Reads_an_error_without_SQLSTATE_severity_or_message()
    {
        Assert.That(ErrorFields.Read(Wire.Bytes("SFATAL\0Mgone\0\0"), Texts), Is.EqualTo(new ErrorFields("FATAL", null, "gone")));
        Assert.That(ErrorFields.Read(Wire.Bytes("\0"), Texts), Is.EqualTo(new ErrorFields("FATAL", null, null)));
    }

    [Test]
    public void Cleans_each_text_of_an_error()
    {
        ErrorFields fields = ErrorFields.Read(Wire.Bytes("SAPP_RO\0C28000\0Mapp_ro\0Dof app_ro\0H\u001bh\0\0"), new UpstreamText("app_ro", null));
        Assert.That(fields, Is.EqualTo(new ErrorFields("***", "28000", "***", "of ***", "?h")));
    }

    [TestCase("C\0\0")]
    [TestCase("C4250\0\0")]
    [TestCase("C42501x\0\0")]
    [TestCase("C42\r\n1\0\0")]
    public void A_SQLSTATE_that_is_none_is_none(string body) => Assert.That(ErrorFields.Read(Wire.Bytes(body), Texts).SqlState, Is.Null);

    [TestCase("")]
    [TestCase("S")]
    [TestCase("SFATAL")]
    [TestCase("SFATAL\0")]
    [TestCase("SFATAL\0\0x")]
    public void Refuses_a_malformed_error(string body) => Refuses(() => ErrorFields.Read(Wire.Bytes(body), Texts));

    [Test]
    public void Reads_the_greeting()
    {
        ParameterStatus status = ParameterStatus.Read("a\0b\0"u8);
        Assert.That(status.Name.SequenceEqual("a"u8) && status.Value.SequenceEqual("b"u8));
        Assert.That(ReadyForQuery.Read("T"u8), Is.EqualTo(TransactionStatus.InTransaction));
        Assert.That(NegotiatedVersion.Read(Wire.Bytes(196_608, 1, "_pq_.x\0")), Is.EqualTo(new NegotiatedVersion(196_608, 1)));
    }

    [TestCase("")]
    [TestCase("a\0")]
    [TestCase("a\0b")]
    [TestCase("a\0b\0c")]
    public void Refuses_a_malformed_parameter(string body) => Refuses(() => ParameterStatus.Read(Wire.Bytes(body)));

    [TestCase("")]
    [TestCase("X")]
    [TestCase("II")]
    public void Refuses_a_status_that_does_not_exist(string body) => Refuses(() => ReadyForQuery.Read(Wire.Bytes(body)));

    [Test]
    public void Reads_a_cancel_key([Values(4, 32, 256)] int length)
    {
        BackendKeyData data = BackendKeyData.Read(Wire.Bytes(-5, new byte[length]));
        Assert.That(data.ProcessId, Is.EqualTo(-5));
        Assert.That(data.Key.Length, Is.EqualTo(length));
    }

    [Test]
    public void Refuses_a_cancel_key_out_of_bounds([Values(0, 3, 257)] int length) =>
        Refuses(() => BackendKeyData.Read(Wire.Bytes(1, new byte[length])));

    [TestCase(-1)]
    [TestCase(2)]
    [TestCase(int.MaxValue)]
    public void Refuses_a_negotiation_whose_count_is_not_what_follows(int count) =>
        Refuses(() => NegotiatedVersion.Read(Wire.Bytes(196_608, count, "x\0")));

    [Test]
    public void Reads_what_an_upstream_asks_for()
    {
        Assert.That(AuthenticationRequest.Read(Wire.Bytes(0)).Kind, Is.EqualTo(AuthenticationKind.Ok));
        Assert.That(AuthenticationRequest.Read(Wire.Bytes(5, "salt")).Data.SequenceEqual("salt"u8));
        Assert.That(AuthenticationRequest.Read(Wire.Bytes(12, "v=x")).Data.SequenceEqual("v=x"u8));
        AuthenticationRequest sasl = AuthenticationRequest.Read(Wire.Bytes(10, "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"));
        Assert.That(sasl.Offers("SCRAM-SHA-256"u8) && sasl.Offers("SCRAM-SHA-256-PLUS"u8));
        Assert.That(sasl.Offers("SCRAM-SHA-1"u8) || sasl.Offers(""u8), Is.False);
    }

    [TestCase(0, "x")]
    [TestCase(3, "x")]
    [TestCase(5, "sal")]
    [TestCase(5, "salty")]
    [TestCase(10, "")]
    [TestCase(10, "\0")]
    [TestCase(10, "A\0")]
    [TestCase(10, "A\0\0B\0")]
    [TestCase(13, "")]
    [TestCase(-1, "")]
    public void Refuses_a_malformed_or_unknown_request(int kind, string rest) =>
        Refuses(() => AuthenticationRequest.Read(Wire.Bytes(kind, rest)));

    [Test]
    public void Refuses_a_negative_count_from_the_wire() =>
        Refuses(() => new PostgresReader(Peer.Upstream, "abc"u8).ReadBytes(-1));

    private static void Refuses(TestDelegate read) =>
        Assert.That(read, Throws.TypeOf<ProtocolException>().With.Property("Peer").EqualTo(Peer.Upstream));
}
