using System.Diagnostics;
using System.Runtime.Versioning;
using NUnit.Framework;
using WireGate.Configuration;
using WireGate.Testing.Time;

namespace WireGate.Tests.Configuration;

[SupportedOSPlatform("linux")]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ConfigWatcherTests : IDisposable
{
    private const string Good = """
        store: sqlite:/s.db
        audit: { to: /audit }
        listeners: [{ name: pg, protocol: postgres, address: 127.0.0.1:5432 }]
        include: [conf.d/*.yaml]
        reload: watch

        """;

    /// <summary>For an event of the kernel to arrive. Only a failing test waits so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _armed = new(0);
    private readonly SemaphoreSlim _disarmed = new(0);
    private TemporaryDirectory _directory = null!;
    private ManualTime _time = null!;
    private ConfigSource _source = null!;
    private ConfigWatcher _watcher = null!;
    private int _attempts;

    [SetUp]
    public void Watch()
    {
        _directory = new TemporaryDirectory();
        _time = new ManualTime();
        _time.Armed += Count;
        Start(_directory.Write("wiregate.yaml", Good));
    }

    public void Dispose()
    {
        _watcher.Dispose();
        _directory.Dispose();
        _armed.Dispose();
        _disarmed.Dispose();
    }

    [Test]
    public void Takes_a_file_that_was_renamed_into_place()
    {
        string draft = _directory.Write("draft", Good + "placeholders: { ttl: 1m }\n");
        Assert.That(_armed.CurrentCount, Is.Zero, "a file that is not ours");

        File.Move(draft, Path.Combine(_directory.Path, "wiregate.yaml"), overwrite: true);

        AfterQuiet();
        Assert.That(_source.Current.Placeholders.Ttl, Is.EqualTo(TimeSpan.FromMinutes(1)));
    }

    [Test]
    public void Takes_a_file_only_once_its_writer_has_closed_it()
    {
        using (FileStream stream = File.Open(Path.Combine(_directory.Path, "wiregate.yaml"), FileMode.Append))
        {
            stream.Write("placeholders: { ttl: "u8);
            stream.Flush();
            Assert.That(_disarmed.Wait(Patience), Is.True, "nothing was seen");
            _time.Advance(ConfigWatcher.QuietFor * 10);
            Assert.That(_attempts, Is.Zero, "half of it is written");
            stream.Write("1m }\n"u8);
        }

        AfterQuiet();
        Assert.That(_source.Current.Placeholders.Ttl, Is.EqualTo(TimeSpan.FromMinutes(1)));
        Assert.That(_attempts, Is.EqualTo(1));
    }

    [Test]
    public void Takes_a_file_of_an_included_directory_that_appeared_later()
    {
        string included = Directory.CreateDirectory(Path.Combine(_directory.Path, "conf.d")).FullName;
        AfterQuiet();

        File.WriteAllText(Path.Combine(included, "a.yaml"), "placeholders: { ttl: 1m }\n");
        AfterQuiet();

        Assert.That(_source.Current.Placeholders.Ttl, Is.EqualTo(TimeSpan.FromMinutes(1)));
    }

    [Test]
    public void Follows_a_link_that_was_swapped()
    {
        _watcher.Dispose();
        Deploy("..1", Good);
        File.Delete(Path.Combine(_directory.Path, "wiregate.yaml"));
        File.CreateSymbolicLink(Path.Combine(_directory.Path, "wiregate.yaml"), "..data/wiregate.yaml");
        Start(Path.Combine(_directory.Path, "wiregate.yaml"));

        Deploy("..2", Good + "placeholders: { ttl: 1m }\n");

        AfterQuiet();
        Assert.That(_source.Current.Placeholders.Ttl, Is.EqualTo(TimeSpan.FromMinutes(1)));
    }

    [Test]
    public void Stops_watching_when_the_config_says_so()
    {
        _directory.Write("wiregate.yaml", Good.Replace("reload: watch", "reload: signal", StringComparison.Ordinal));
        AfterQuiet();
        while (_armed.Wait(0))
        {
        }

        _directory.Write("wiregate.yaml", Good);
        Assert.That(_source.Reload(), Is.True, "a signal still reloads");
        _directory.Write("wiregate.yaml", Good + "placeholders: { ttl: 1m }\n");
        AfterQuiet();

        Assert.That(_source.Current.Placeholders.Ttl, Is.EqualTo(TimeSpan.FromMinutes(1)), "and it watches again");
    }

    private void Start(string path)
    {
        _source = new ConfigSource(path, ConfigLoader.Load(path));
        _attempts = 0;
        _source.Changed += (_, _) => _attempts++;
        _source.Refused += _ => _attempts++;
        _watcher = new ConfigWatcher(_source, _time);
    }

    private void Count(bool comes) => _ = (comes ? _armed : _disarmed).Release();

    private void AfterQuiet()
    {
        int before = _attempts;
        while (_attempts == before)
        {
            Assert.That(_armed.Wait(Patience), Is.True, "nothing was seen");
            _time.Advance(ConfigWatcher.QuietFor);
        }
    }

    /// <summary>As the kubelet does it: a directory for the version, and a link that is renamed over the old one.</summary>
    private void Deploy(string version, string text)
    {
        string data = Directory.CreateDirectory(Path.Combine(_directory.Path, version)).FullName;
        File.WriteAllText(Path.Combine(data, "wiregate.yaml"), text);
        string link = Path.Combine(_directory.Path, "..data_tmp");
        File.CreateSymbolicLink(link, version);

        // File.Move takes no link to a directory.
        using Process move = Process.Start("mv", ["-T", link, Path.Combine(_directory.Path, "..data")]);
        move.WaitForExit();
        Assert.That(move.ExitCode, Is.Zero);
    }
}
