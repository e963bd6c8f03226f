using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Forward;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Forward;

/// <summary>Which of them are kept, and for how long.</summary>
internal sealed class LeafCertificatesTests
{
    private ManualTime _time = null!;
    private DirectoryInfo _directory = null!;
    private LeafCertificates _leaves = null!;

    private string KeyPath => Path.Combine(_directory.FullName, "ca.key");

    [SetUp]
    public void Make()
    {
        _time = new ManualTime { Jumps = true };
        _directory = Directory.CreateTempSubdirectory("wiregate-leaves-");
        _leaves = new LeafCertificates(AuthorityFiles.Write(_directory.FullName, ["test"], _time.GetUtcNow()), _time, "http/1.1");
    }

    [TearDown]
    public void Dispose() => _directory.Delete(recursive: true);

    [Test]
    public async Task All_who_wait_for_a_host_get_the_same()
    {
        Task<SslServerAuthenticationOptions?>[] asked = [.. Enumerable.Range(0, 50).Select(_ => _leaves.OfAsync("api.test"))];

        Assert.That(asked.Distinct().Count(), Is.EqualTo(1));
        Assert.That((await asked[0])!.ServerCertificateContext!.TargetCertificate.MatchesHostname("api.test"));
        Assert.That(await _leaves.OfAsync("api.test"), Is.SameAs(await asked[0]));
        Assert.That(await _leaves.OfAsync("git.test"), Is.Not.SameAs(await asked[0]));
    }

    [Test]
    public async Task It_is_made_anew_in_the_middle_of_its_life()
    {
        SslServerAuthenticationOptions first = (await _leaves.OfAsync("api.test"))!;
        _time.Advance(LeafCertificates.Lifetime * 0.45);
        Assert.That(await _leaves.OfAsync("api.test"), Is.SameAs(first));

        _time.Advance(LeafCertificates.Lifetime * 0.1);

        SslServerAuthenticationOptions next = (await _leaves.OfAsync("api.test"))!;
        Assert.That(next, Is.Not.SameAs(first));
        Assert.That(next.ServerCertificateContext!.TargetCertificate.NotAfter, Is.GreaterThan(first.ServerCertificateContext!.TargetCertificate.NotAfter));
        Assert.That(_leaves.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task So_many_are_kept_and_the_one_that_was_not_asked_for_the_longest_goes()
    {
        SslServerAuthenticationOptions first = (await _leaves.OfAsync("first.test"))!;
        SslServerAuthenticationOptions second = (await _leaves.OfAsync("second.test"))!;
        for (int i = 2; i < LeafCertificates.MostKept; i++)
        {
            _ = _leaves.OfAsync($"h{i}.test");
        }

        Assert.That(await _leaves.OfAsync("first.test"), Is.SameAs(first));
        await _leaves.OfAsync("one-more.test");

        Assert.That(_leaves.Count, Is.EqualTo(LeafCertificates.MostKept));
        Assert.That(await _leaves.OfAsync("first.test"), Is.SameAs(first));
        Assert.That(await _leaves.OfAsync("second.test"), Is.Not.SameAs(second));
    }

    [Test]
    public async Task What_could_not_be_made_is_tried_again()
    {
        string key = await File.ReadAllTextAsync(KeyPath);
        File.Delete(KeyPath);
        Assert.That(async () => await _leaves.OfAsync("api.test"), Throws.InstanceOf<IOException>());

        await File.WriteAllTextAsync(KeyPath, key);

        Assert.That((await _leaves.OfAsync("api.test"))!.ServerCertificateContext, Is.Not.Null);
    }

    [Test]
    public async Task What_it_may_not_sign_for_is_never_shown() => Assert.That(await _leaves.OfAsync("example.org"), Is.Null);
}

/// <summary>An authority as the files that a config names.</summary>
internal static class AuthorityFiles
{
    public static ForwardAuthorityConfig Write(string directory, IReadOnlyCollection<string> hosts, DateTimeOffset now)
    {
        using X509Certificate2 authority = ForwardAuthority.Create(hosts, now);
        var config = new ForwardAuthorityConfig(Path.Combine(directory, "ca.crt"), Path.Combine(directory, "ca.key"));
        File.WriteAllText(config.CertificatePath, authority.ExportCertificatePem());
        File.WriteAllText(config.KeyPath, authority.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return config;
    }
}
