using System.Collections.Frozen;
using System.Runtime.Versioning;
using System.Text;
using System.Threading.Channels;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Testing.Time;

namespace WireGate.Core.Tests.Credentials;

[UnsupportedOSPlatform("windows")]
public sealed class SecretProviderTests
{
    private readonly ManualTime _time = new();

    [Test]
    public async Task A_cached_answer_is_used_until_it_is_to_be_refreshed()
    {
        ScriptedSource source = new();
        using CachedSecretSource cached = new(source, TimeSpan.FromMinutes(5), _time);
        source.Answer("one");
        Assert.That(await FileSecretSourceTests.FetchAsync(cached), Is.EqualTo("one"));
        _time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.That(await FileSecretSourceTests.FetchAsync(cached), Is.EqualTo("one"));
        _time.Advance(TimeSpan.FromTicks(1));
        source.Answer("two");
        Assert.That(await FileSecretSourceTests.FetchAsync(cached), Is.EqualTo("two"));
    }

    [Test]
    public async Task Fresh_passes_over_what_is_cached()
    {
        ScriptedSource source = new();
        using CachedSecretSource cached = new(source, TimeSpan.FromMinutes(5), _time);
        source.Answer("one");
        source.Answer("two");
        Assert.That(await FileSecretSourceTests.FetchAsync(cached), Is.EqualTo("one"));
        Assert.That(await FileSecretSourceTests.FetchAsync(cached, fresh: true), Is.EqualTo("two"));
        Assert.That(await FileSecretSourceTests.FetchAsync(cached), Is.EqualTo("two"));
    }

    [Test]
    public async Task However_many_wait_the_source_is_asked_once()
    {
        ScriptedSource source = new();
        using CachedSecretSource cached = new(source, TimeSpan.FromMinutes(5), _time);
        Task<string>[] waiting = [.. Enumerable.Range(0, 20).Select(_ => FileSecretSourceTests.FetchAsync(cached))];
        source.Answer("one");
        Assert.That(await Task.WhenAll(waiting), Is.All.EqualTo("one"));
        Assert.That(source.Asked, Is.EqualTo(1));
    }

    [Test]
    public async Task Fresh_callers_share_one_round_that_begins_after_them()
    {
        ScriptedSource source = new();
        using CachedSecretSource cached = new(source, TimeSpan.FromMinutes(5), _time);
        Task<string> before = FileSecretSourceTests.FetchAsync(cached);
        Task<string>[] fresh = [.. Enumerable.Range(0, 20).Select(_ => FileSecretSourceTests.FetchAsync(cached, fresh: true))];
        source.Answer("old");
        source.Answer("new");
        await before;
        Assert.That(await Task.WhenAll(fresh), Is.All.EqualTo("new"));
        Assert.That(source.Asked, Is.EqualTo(2));
    }

    [Test]
    public async Task A_failure_is_kept_for_two_seconds_but_not_from_a_fresh_caller()
    {
        ScriptedSource source = new();
        using CachedSecretSource cached = new(source, TimeSpan.FromMinutes(5), _time);
        source.Fail("down");
        Assert.That(FileSecretSourceTests.Refusal(cached), Is.EqualTo("down"));
        _time.Advance(TimeSpan.FromSeconds(2) - TimeSpan.FromTicks(1));
        Assert.That(FileSecretSourceTests.Refusal(cached), Is.EqualTo("down"));
        Assert.That(source.Asked, Is.EqualTo(1));
        source.Fail("still down");
        Assert.That(async () => await FileSecretSourceTests.FetchAsync(cached, fresh: true), Throws.InstanceOf<SecretUnavailableException>());
        _time.Advance(TimeSpan.FromSeconds(2));
        source.Answer("one");
        Assert.That(await FileSecretSourceTests.FetchAsync(cached), Is.EqualTo("one"));
    }

    [Test]
    public async Task A_failed_refresh_does_not_answer_with_the_old_value()
    {
        ScriptedSource source = new();
        using CachedSecretSource cached = new(source, TimeSpan.FromMinutes(5), _time);
        source.Answer("one");
        await FileSecretSourceTests.FetchAsync(cached);
        _time.Advance(TimeSpan.FromMinutes(5));
        source.Fail("down");
        Assert.That(FileSecretSourceTests.Refusal(cached), Is.EqualTo("down"));
    }

    [Test]
    public void Names_the_secret_that_cannot_be_had()
    {
        using EnvironmentSecrets none = EnvironmentSecrets.Capture([]);
        using SecretProvider provider = new(Configured(new SecretConfig { Name = "app", File = "/nowhere/app" }), none, _time);
        Assert.That(async () => await FetchAsync(provider, "app"), Throws.InstanceOf<SecretUnavailableException>()
            .With.Message.StartsWith("secret app: file /nowhere/app cannot be opened"));
        Assert.That(async () => await FetchAsync(provider, "other"), Throws.InstanceOf<SecretUnavailableException>()
            .With.Message.Contains("secret other is not configured"));
    }

    [Test]
    public async Task A_reload_keeps_the_cache_of_what_has_not_changed_and_drops_what_is_gone()
    {
        string counter = Path.GetTempFileName();
        try
        {
            SecretConfig command = new() { Name = "app", Exec = ["sh", "-c", $"echo x >> {counter}; wc -l < {counter}"] };
            using EnvironmentSecrets none = EnvironmentSecrets.Capture([]);
            using SecretProvider provider = new(Configured(command), none, _time);
            Assert.That(await FetchAsync(provider, "app"), Is.EqualTo("1"));

            provider.ReplaceConfig(Configured(command with { Exec = [.. command.Exec] }));
            Assert.That(await FetchAsync(provider, "app"), Is.EqualTo("1"));

            provider.ReplaceConfig(Configured(command with { Refresh = TimeSpan.FromMinutes(1) }));
            Assert.That(await FetchAsync(provider, "app"), Is.EqualTo("2"));

            provider.ReplaceConfig(Configured());
            Assert.That(async () => await FetchAsync(provider, "app"), Throws.InstanceOf<SecretUnavailableException>());
        }
        finally
        {
            File.Delete(counter);
        }
    }

    private static FrozenDictionary<string, SecretConfig> Configured(params SecretConfig[] secrets) => secrets.ToFrozenDictionary(s => s.Name);

    private static async Task<string> FetchAsync(SecretProvider provider, string name)
    {
        using Secret secret = await provider.FetchAsync(name, fresh: false, CancellationToken.None);
        return Encoding.UTF8.GetString(secret.Span);
    }

    /// <summary>Waits with each answer until the test has one.</summary>
    private sealed class ScriptedSource : ISecretSource
    {
        private readonly Channel<Func<Secret>> _answers = Channel.CreateUnbounded<Func<Secret>>();
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public void Answer(string value) => _answers.Writer.TryWrite(() => Secret.CopyOf(Encoding.UTF8.GetBytes(value)));

        public void Fail(string message) => _answers.Writer.TryWrite(() => throw new SecretUnavailableException(message));

        public async ValueTask<Secret> FetchAsync(bool fresh, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            return (await _answers.Reader.ReadAsync(cancellationToken))();
        }
    }
}
