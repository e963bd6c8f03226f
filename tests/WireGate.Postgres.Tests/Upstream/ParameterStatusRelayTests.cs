using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres.Tests.Upstream;

internal sealed class ParameterStatusRelayTests
{
    private const string Umlaut = "b\u00fccher_app";

    [TestCase("app_ro", "app_ro", "alice")]
    [TestCase("app_ro", "somebody_else", "somebody_else")]
    [TestCase("app_ro", "b\u00fccher", "b\u00fccher")]
    [TestCase("app_ro", "App_ro", "App_ro", TestName = "A_name_in_other_letters_is_another_account")]
    [TestCase(Umlaut, Umlaut, "alice")]
    [TestCase(Umlaut, "somebody_else", "somebody_else")]
    [TestCase(Umlaut, "m\u00fcller", "alice", TestName = "What_may_be_the_real_name_in_another_encoding_is_hidden")]
    public void Mid_session(string real, string reported, string seen) =>
        Assert.That(Relayed(new ParameterStatusRelay(real, "alice"), Encoding.UTF8.GetBytes(reported)), Is.EqualTo(seen));

    [Test]
    public void Hides_the_real_name_in_each_encoding()
    {
        var relay = new ParameterStatusRelay(Umlaut, "alice");
        Assert.That(Relayed(relay, Encoding.Latin1.GetBytes(Umlaut)), Is.EqualTo("alice"));
        relay.GreetedAs(Encoding.Latin1.GetBytes(Umlaut));
        Assert.That(Relayed(relay, Encoding.Latin1.GetBytes(Umlaut)), Is.EqualTo("alice"));
        Assert.That(Relayed(relay, Encoding.UTF8.GetBytes(Umlaut)), Is.EqualTo("alice"));
        Assert.That(Relayed(relay, "other"u8), Is.EqualTo("other"));
    }

    [Test]
    public void Hides_what_the_greeting_named()
    {
        var relay = new ParameterStatusRelay("app_ro", "alice");
        relay.GreetedAs([.. "behind_the_pooler"u8]);
        Assert.That(Relayed(relay, "behind_the_pooler"u8), Is.EqualTo("alice"));
        Assert.That(Relayed(relay, "app_ro"u8), Is.EqualTo("alice"));
        Assert.That(Relayed(relay, "other"u8), Is.EqualTo("other"));
    }

    [Test]
    public void Replaces_whatever_name_is_in_the_greeting_and_remembers_it()
    {
        var output = new ArrayBufferWriter<byte>();
        byte[] raw = Encoding.Latin1.GetBytes(Umlaut);
        var relay = new ParameterStatusRelay("app_ro", "alice");
        Assert.That(relay.WriteGreeting(output, [.. "session_authorization\0"u8, .. raw, 0]), Is.EqualTo(raw));
        Assert.That(Encoding.ASCII.GetString(output.WrittenSpan), Does.EndWith("session_authorization\0alice\0"));
    }

    [Test]
    public void Leaves_other_settings_as_they_are()
    {
        var output = new ArrayBufferWriter<byte>();
        var relay = new ParameterStatusRelay("UTF8", "alice");
        Assert.That(relay.WriteGreeting(output, "client_encoding\0UTF8\0"u8), Is.Null);
        relay.Write(output, "client_encoding\0UTF8\0"u8);
        Assert.That(Encoding.ASCII.GetString(output.WrittenSpan), Does.Not.Contain("alice"));
    }

    private static string Relayed(ParameterStatusRelay relay, ReadOnlySpan<byte> name)
    {
        var output = new ArrayBufferWriter<byte>();
        relay.Write(output, [.. "session_authorization\0"u8, .. name, 0]);
        return Encoding.UTF8.GetString(output.WrittenSpan)[5..].Split('\0')[1];
    }
}
