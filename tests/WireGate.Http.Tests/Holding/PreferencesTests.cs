using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Http.Holding;
using WireGate.Http.Http1;

namespace WireGate.Http.Tests.Holding;

/// <summary>What Prefer says (RFC 7240) of waiting.</summary>
internal sealed class PreferencesTests
{
    [TestCase("", false, null)]
    [TestCase("Prefer: handling=lenient\r\n", false, null)]
    [TestCase("Prefer: respond-async\r\n", true, null)]
    [TestCase("Prefer: Respond-Async ; foo=bar\r\n", true, null)]
    [TestCase("Prefer: return=minimal, respond-async, wait=10\r\n", true, 10)]
    [TestCase("prefer: wait = \"7\"\r\nPrefer: wait=9, respond-async\r\n", true, 7)]
    [TestCase("Prefer: respond-async, wait=-1\r\n", true, null)]
    [TestCase("Prefer: respond-async, wait=99999999999999999999\r\n", true, null)]
    [TestCase("Prefer: respond-asynchronously\r\n", false, null)]
    public void Is_read_as_it_is_meant(string fields, bool isAsync, int? wait)
    {
        using var head = new RequestHead();
        Assert.That(head.TryRead(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")), out _));

        Assert.That(Preferences.Of(head), Is.EqualTo(new Preferences(isAsync, wait is { } seconds ? TimeSpan.FromSeconds(seconds) : null)));
    }

    [TestCase("respond-async", true)]
    [TestCase(" wait=10 ,, Respond-Async;x", true)]
    [TestCase("respond-async, return=minimal", false)]
    [TestCase("waits", false)]
    public void What_is_of_waiting_alone_the_gateway_has_heard(string list, bool isSo) =>
        Assert.That(Preferences.IsOfWaiting(Encoding.ASCII.GetBytes(list)), Is.EqualTo(isSo));
}
