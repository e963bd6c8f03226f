using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres.Tests.Upstream;

internal sealed class UpstreamTextTests
{
    private const string Umlaut = "b\u00fccher_app";

    [TestCase("role \"app_ro\" is not permitted to log in", "role \"***\" is not permitted to log in")]
    [TestCase("APP_RO and App_Ro", "*** and ***")]
    [TestCase("app_r", "app_r")]
    [TestCase("too many clients", "too many clients")]
    [TestCase("", "")]
    public void Hides_the_real_user_in_whatever_case(string text, string clean) =>
        Assert.That(Clean(new UpstreamText("app_ro", null), text), Is.EqualTo(clean));

    [Test]
    public void Hides_a_name_as_the_server_cuts_it_off()
    {
        string cut = new('n', 62);
        var texts = new UpstreamText(cut + "\u00fcx", null);
        Assert.That(Clean(texts, $"role {cut}\u00fcx, role {cut}, role {cut[1..]}"), Is.EqualTo($"role ***, role ***, role {cut[1..]}"));
    }

    [Test]
    public void Hides_a_name_in_another_encoding()
    {
        var texts = new UpstreamText(Umlaut, null);
        Assert.That(Clean(texts, $"role {Umlaut.ToUpperInvariant()}"), Is.EqualTo("role ***"));
        Assert.That(texts.Clean(Encoding.Latin1.GetBytes($"role {Umlaut} m\u00fcde")), Is.EqualTo("***"), "it cannot be found, and so nothing is kept");
    }

    [TestCase("hunter2")]
    [TestCase("app_ro")]
    [TestCase("a\rb")]
    [TestCase("p\u00e4ss")]
    public void Hides_the_credential_in_each_place(string password)
    {
        using Secret secret = Secret.CopyOf(Encoding.UTF8.GetBytes(password));
        var texts = new UpstreamText("app_ro", secret);
        Assert.That(Clean(texts, $"{password}: no {password}{password}!"), Is.EqualTo("***: no ******!"));
        Assert.That(texts.HasHidden);
    }

    [Test]
    public void Hides_a_credential_that_is_no_UTF8()
    {
        using Secret secret = Secret.CopyOf([0xff, 0xe4, 1]);
        Assert.That(new UpstreamText("app_ro", secret).Clean([(byte)'a', 0xff, 0xe4, 1, (byte)'b']), Is.EqualTo("a***b"));
    }

    [Test]
    public void Takes_no_credential_and_an_empty_one()
    {
        using Secret empty = Secret.CopyOf([]);
        Assert.That(Clean(new UpstreamText("app_ro", empty), "hello"), Is.EqualTo("hello"));
        Assert.That(Clean(new UpstreamText("app_ro", null), "hello"), Is.EqualTo("hello"));
    }

    [Test]
    public void Keeps_no_control_character() =>
        Assert.That(Clean(new UpstreamText("app_ro", null), "\u001b[31mx\u001b]0;y\u0007\r\n{}\u007f\u009b\u0085\u00a0"), Is.EqualTo("?[31mx?]0;y???{}???\u00a0"));

    [TestCase("x", 512)]
    [TestCase("\u00fc", 256)]
    [TestCase("\U0001f600", 128)]
    [TestCase("a\u20ac", 256)]
    public void Keeps_512_bytes_and_no_half_character(string unit, int kept) =>
        Assert.That(
            Clean(new UpstreamText("app_ro", null), string.Concat(Enumerable.Repeat(unit, 600))),
            Is.EqualTo(string.Concat(Enumerable.Repeat(unit, 600))[..(kept * (unit[0] == 0xd83d ? 2 : 1))]));

    [Test]
    public void Hides_what_the_cut_would_leave_half_of()
    {
        using Secret secret = Secret.CopyOf("hunter2"u8);
        Assert.That(Clean(new UpstreamText("app_ro", secret), new string('x', 509) + "hunter2"), Does.EndWith("x***"));
    }

    [TestCase("app_RO", true)]
    [TestCase("hunter2", true)]
    [TestCase("Hunter2", false)]
    [TestCase("nobody\u001b", false, TestName = "A_control_character_alone_tells_nothing")]
    public void Knows_whether_it_was_told(string text, bool told)
    {
        using Secret secret = Secret.CopyOf("hunter2"u8);
        var texts = new UpstreamText("app_ro", secret);
        Assert.That(texts.Tells(Encoding.UTF8.GetBytes(text)), Is.EqualTo(told));
        Assert.That(texts.HasHidden, Is.False, "a question is no text");
        Clean(texts, text);
        Clean(texts, "harmless");
        Assert.That(texts.HasHidden, Is.EqualTo(told));
    }

    private static string Clean(UpstreamText texts, string text) => texts.Clean(Encoding.UTF8.GetBytes(text));
}
