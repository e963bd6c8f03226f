using System.Collections.Immutable;
using NUnit.Framework;
using WireGate.Configuration;
using WireGate.Core.Configuration;

namespace WireGate.Tests.Configuration;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ConfigSourceTests : IDisposable
{
    private const string Good = """
        store: sqlite:/s.db
        audit: { to: /audit }
        listeners: [{ name: pg, protocol: postgres, address: 127.0.0.1:5432 }]

        """;

    private TemporaryDirectory _directory = null!;
    private string _path = null!;
    private ConfigSource _source = null!;
    private List<string> _refused = null!;
    private List<(GatewayConfig Old, GatewayConfig New)> _changes = null!;

    [SetUp]
    public void Load()
    {
        _directory = new TemporaryDirectory();
        _path = _directory.Write("wiregate.yaml", Good);
        _source = new ConfigSource(_path, ConfigLoader.Load(_path));
        _refused = [];
        _changes = [];
        _source.Refused += errors => _refused.AddRange(errors.Select(e => e.Path));
        _source.Changed += (old, changed) => _changes.Add((old, changed));
    }

    public void Dispose() => _directory.Dispose();

    [Test]
    public void Takes_a_good_file_whole()
    {
        GatewayConfig old = _source.Current;
        _directory.Write("wiregate.yaml", Good + "placeholders: { ttl: 1m }\n");

        Assert.That(_source.Reload(), Is.True);
        Assert.That(_source.Current.Placeholders.Ttl, Is.EqualTo(TimeSpan.FromMinutes(1)));
        Assert.That(_changes, Is.EqualTo(new[] { (old, _source.Current) }));
    }

    [Test]
    public void Keeps_the_old_one_when_the_new_one_is_bad()
    {
        GatewayConfig old = _source.Current;
        _directory.Write("wiregate.yaml", Good + "placeholders: { tlt: 1m }\n");

        Assert.That(_source.Reload(), Is.False);
        Assert.That(_source.Current, Is.SameAs(old));
        Assert.That(_refused, Is.EqualTo(new[] { "placeholders.tlt" }));
        Assert.That(_changes, Is.Empty);
    }

    [Test]
    public void Keeps_the_old_one_when_a_file_that_it_names_is_missing()
    {
        _directory.Write("wiregate.yaml", Good + "secrets: { s: { file: /nonexistent/s } }\n");

        Assert.That(_source.Reload(), Is.False);
        Assert.That(_refused, Is.EqualTo(new[] { "secrets.s.file" }));
    }

    [TestCase("sqlite:/s.db", "sqlite:/t.db", "store")]
    [TestCase("/audit", "/other", "audit.to")]
    [TestCase("audit:", "transport: streams\naudit:", "transport")]
    [TestCase("audit:", "admin: { socket: { path: /a.sock } }\naudit:", "admin.socket")]
    [TestCase("audit:", "secrets: { s: { env: S } }\naudit:", "secrets.s.env")]
    [TestCase("127.0.0.1:5432", "127.0.0.1:5433", "listeners[0]")]
    [TestCase("[{ name: pg, protocol: postgres, address: 127.0.0.1:5432 }]", "[{ name: new, protocol: postgres, address: 127.0.0.1:5433 }]", "listeners[0],listeners")]
    public void Refuses_what_only_a_restart_can_change(string from, string to, string paths)
    {
        GatewayConfig old = _source.Current;
        _directory.Write("wiregate.yaml", Good.Replace(from, to, StringComparison.Ordinal));

        Assert.That(_source.Reload(), Is.False);
        Assert.That(string.Join(',', _refused), Is.EqualTo(paths));
        Assert.That(_source.Current, Is.SameAs(old));
    }

    [Test]
    public void Changes_what_a_listener_serves_without_a_restart()
    {
        _directory.Write("wiregate.yaml", Good.Replace("5432 }", "5432, authentication: scram }", StringComparison.Ordinal));

        Assert.That(_source.Reload(), Is.True);
        Assert.That(_source.Current.Listeners[0].ScramOnly, Is.True);
    }

    [Test]
    public void Never_starts_with_errors()
    {
        Assert.That(() => new ConfigSource("x", new ConfigResult { Errors = ImmutableArray<ConfigError>.Empty }), Throws.ArgumentException);
    }
}
