using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials;

namespace WireGate.Http.Tests.Credentials;

/// <summary>What passes of a body in which somebody looks for placeholders.</summary>
internal sealed class PlaceholderGuardTests
{
    private const int Public = 15;

    private string _token = null!;

    [SetUp]
    public void Make()
    {
        using Secret token = PlaceholderToken.Create(out _);
        _token = Encoding.ASCII.GetString(token.Span);
    }

    [TestCase("{0}")]
    [TestCase("a=1&b={0}&c=2")]
    [TestCase("wwgp_wgp_{0}wgp_")]
    [TestCase("wgp_0123456{0}")]
    public void A_placeholder_never_passes_however_it_is_cut(string format)
    {
        string body = format.Replace("{0}", _token, StringComparison.Ordinal);
        int begin = body.IndexOf(_token, StringComparison.Ordinal);
        for (int first = 0; first <= body.Length; first++)
        {
            for (int second = first; second <= body.Length; second += 3)
            {
                string passed = Passed(out bool isWhole, body[..first], body[first..second], body[second..]);
                Assert.That((isWhole, body.StartsWith(passed, StringComparison.Ordinal), passed.Length <= begin + Public), Is.EqualTo((false, true, true)), $"{first} {second}: {passed}");
            }
        }

        Assert.That(Passed(out bool whole, [.. body.Select(c => c.ToString())]).Length, Is.LessThanOrEqualTo(begin + Public));
        Assert.That(whole, Is.False);
    }

    [Test]
    public void All_else_passes_as_it_came_however_it_is_cut()
    {
        string[] bodies =
        [
            "wgp_", "w", "wgp_0123456789_", _token[..^1], _token[..^1] + "-", _token[..20] + _token[..20], "wgp_0123456789x" + _token[4..], string.Concat(Enumerable.Repeat("wgp_", 60)),
            _token[..^1] + (_token[^1] == 'a' ? 'b' : 'a') + "wgp", new string('w', 200), "wgp_01234wgp_" + _token[4..40],
        ];
        foreach (string body in bodies)
        {
            Assert.That(Passed(out bool isWhole, body), Is.EqualTo(body));
            Assert.That(isWhole);
            Assert.That(Passed(out _, [.. body.Select(c => c.ToString())]), Is.EqualTo(body));
            for (int first = 0; first <= body.Length; first++)
            {
                for (int second = first; second <= body.Length; second++)
                {
                    Assert.That(Passed(out _, body[..first], body[first..second], body[second..]), Is.EqualTo(body));
                }
            }
        }
    }

    [Test]
    public void What_anybody_may_know_is_not_kept_back()
    {
        var guard = new PlaceholderGuard();
        foreach (char c in _token[..Public])
        {
            Assert.That(Take(guard, c.ToString()), Is.EqualTo(c.ToString()));
        }

        Assert.That(Take(guard, _token[Public..^1]), Is.Empty);
        Assert.That(Take(guard, "-"), Is.EqualTo(_token[Public..^1] + "-"));
        Assert.That(guard.Rest().Length, Is.Zero);
    }

    [Test]
    public void Another_body_begins_with_nothing_of_the_last()
    {
        var guard = new PlaceholderGuard();
        Take(guard, _token[..^1]);
        guard.Begin();
        Assert.That(Take(guard, _token[^1..]), Is.EqualTo(_token[^1..]));
    }

    private static string? Take(PlaceholderGuard guard, string run) => guard.TryTake(Encoding.ASCII.GetBytes(run), out ReadOnlyMemory<byte> before, out ReadOnlyMemory<byte> rest)
        ? Encoding.ASCII.GetString(before.Span) + Encoding.ASCII.GetString(rest.Span) : null;

    private static string Passed(out bool isWhole, params string[] runs)
    {
        var guard = new PlaceholderGuard();
        var passed = new StringBuilder();
        foreach (string run in runs.Where(r => r.Length > 0))
        {
            if (Take(guard, run) is not { } some)
            {
                isWhole = false;
                return passed.ToString();
            }

            passed.Append(some);
        }

        isWhole = true;
        return passed.Append(Encoding.ASCII.GetString(guard.Rest().Span)).ToString();
    }
}
