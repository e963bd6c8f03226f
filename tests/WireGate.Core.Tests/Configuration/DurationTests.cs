using NUnit.Framework;
using WireGate.Core.Configuration;

namespace WireGate.Core.Tests.Configuration;

public sealed class DurationTests
{
    [TestCase("500ms", 500)]
    [TestCase("15m", 900_000)]
    [TestCase("1h30m", 5_400_000)]
    [TestCase("90d", 7_776_000_000)]
    [TestCase("1d2h3m4s5ms", 93_784_005)]
    [TestCase("0s", 0)]
    public void Reads_and_writes(string text, long milliseconds)
    {
        Assert.That(Duration.TryParse(text, out TimeSpan duration));
        Assert.That(duration.TotalMilliseconds, Is.EqualTo(milliseconds));
        Assert.That(Duration.Format(duration), Is.EqualTo(text));
    }

    [TestCase("")]
    [TestCase("15")]
    [TestCase("m")]
    [TestCase("-1m")]
    [TestCase("+1m")]
    [TestCase("1 m")]
    [TestCase(" 1m")]
    [TestCase("1.5h")]
    [TestCase("1M")]
    [TestCase("1w")]
    [TestCase("30m1h")]
    [TestCase("1m1m")]
    [TestCase("36526d")]
    [TestCase("99999999999d")]
    [TestCase("９m")]
    public void Refuses(string text)
    {
        Assert.That(Duration.TryParse(text, out TimeSpan duration), Is.False);
        Assert.That(duration, Is.EqualTo(TimeSpan.Zero));
    }
}
