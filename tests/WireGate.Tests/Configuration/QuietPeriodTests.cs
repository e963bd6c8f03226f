using NUnit.Framework;
using WireGate.Configuration;
using WireGate.Testing.Time;

namespace WireGate.Tests.Configuration;

internal sealed class QuietPeriodTests
{
    private static readonly TimeSpan Length = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Almost = TimeSpan.FromMilliseconds(499);
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(1);

    private readonly ManualTime _time = new();
    private int _fired;

    [SetUp]
    public void Forget() => _fired = 0;

    [Test]
    public void Fires_once_after_the_quiet()
    {
        using var quiet = new QuietPeriod(Length, _time, () => _fired++);
        quiet.Settled("a");
        _time.Advance(Almost);
        Assert.That(_fired, Is.Zero);

        _time.Advance(Rest);
        _time.Advance(Length);
        Assert.That(_fired, Is.EqualTo(1));
    }

    [Test]
    public void Starts_anew_with_every_change()
    {
        using var quiet = new QuietPeriod(Length, _time, () => _fired++);
        quiet.Settled("a");
        _time.Advance(Almost);
        quiet.Settled("b");
        _time.Advance(Almost);
        Assert.That(_fired, Is.Zero);

        _time.Advance(Rest);
        Assert.That(_fired, Is.EqualTo(1));
    }

    [Test]
    public void Waits_for_a_writer_however_slow()
    {
        using var quiet = new QuietPeriod(Length, _time, () => _fired++);
        quiet.Writing("a");
        quiet.Settled("b");
        _time.Advance(Length * 100);
        Assert.That(_fired, Is.Zero);

        quiet.Settled("a");
        _time.Advance(Length);
        Assert.That(_fired, Is.EqualTo(1));
    }
}
