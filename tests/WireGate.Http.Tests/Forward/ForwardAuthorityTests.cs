using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NUnit.Framework;
using WireGate.Http.Forward;

namespace WireGate.Http.Tests.Forward;

/// <summary>What the authority may sign, as those see it who verify: .NET's chains and openssl.</summary>
internal sealed class ForwardAuthorityTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private X509Certificate2 _authority = null!;
    private DirectoryInfo _directory = null!;

    [SetUp]
    public void Make()
    {
        _authority = ForwardAuthority.Create(["api.test", "git.example.org"], Now);
        _directory = Directory.CreateTempSubdirectory("wiregate-forward-");
    }

    [TearDown]
    public void Dispose()
    {
        _authority.Dispose();
        _directory.Delete(recursive: true);
    }

    [Test]
    public void Its_own_leaf_verifies()
    {
        using X509Certificate2 leaf = LeafCertificates.Sign(_authority, "git.example.org", Now);

        Assert.That(Chain(leaf), Is.Empty);
        Assert.That(OpenSsl(leaf, "git.example.org", isStrict: true), Is.Empty);
        Assert.That(leaf.MatchesHostname("git.example.org"), Is.True);
        Assert.That(leaf.MatchesHostname("api.test"), Is.False);
        Assert.That(leaf.HasPrivateKey);
    }

    [TestCase("api.example.org", false)]
    [TestCase("test", false)]
    [TestCase("notapi.test", false)]
    [TestCase("example.org", false)]
    [TestCase("api.test.evil.org", false)]
    [TestCase("below.api.test", true)]
    public void A_leaf_for_another_name_verifies_nowhere(string name, bool isBelow)
    {
        using X509Certificate2 leaf = Forge(names => names.AddDnsName(name));

        Assert.That(Chain(leaf), isBelow ? Is.Empty : Is.Not.Empty);
        Assert.That(OpenSsl(leaf, name), isBelow ? Is.Empty : Does.Contain("permitted subtree violation"));
        Assert.That(ForwardAuthority.Permits(_authority, name), Is.EqualTo(isBelow), "check agrees with them");
    }

    [TestCase("127.0.0.1")]
    [TestCase("::1")]
    public void Nor_does_one_for_an_address(string address)
    {
        using X509Certificate2 leaf = Forge(names => names.AddIpAddress(IPAddress.Parse(address)));

        Assert.That(Chain(leaf), Is.Not.Empty);
        Assert.That(OpenSsl(leaf, null), Does.Contain("excluded subtree violation"));
    }

    [Test]
    public void Nor_an_authority_below_it()
    {
        using X509Certificate2 leaf = Forge(names => names.AddDnsName("api.test"), isAuthority: true);
        using X509Certificate2 below = LeafOf(leaf, "api.test");

        string problem = OpenSsl(below, "api.test", leaf);
        Assert.That(problem, Does.Contain("path length constraint exceeded"));
    }

    [Test]
    public void It_refuses_to_sign_for_what_it_is_not_permitted() =>
        Assert.That(() => LeafCertificates.Sign(_authority, "example.org", Now), Throws.InstanceOf<CryptographicException>());

    [Test]
    public void A_leaf_lives_for_days_and_is_one_of_its_own()
    {
        using X509Certificate2 one = LeafCertificates.Sign(_authority, "api.test", Now), other = LeafCertificates.Sign(_authority, "api.test", Now);

        Assert.That(one.NotAfter - one.NotBefore, Is.LessThanOrEqualTo(TimeSpan.FromDays(7)));
        Assert.That(one.NotBefore.ToUniversalTime(), Is.LessThan(Now.UtcDateTime));
        Assert.That(one.SerialNumber, Is.Not.EqualTo(other.SerialNumber).And.Length.EqualTo(32));
        Assert.That(one.GetECDsaPublicKey()!.ExportParameters(false).Curve.Oid.FriendlyName, Is.EqualTo("nistP256").Or.EqualTo("ECDSA_P256"));
        Assert.That(one.GetPublicKey(), Is.Not.EqualTo(other.GetPublicKey()));
        Assert.That(one.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames(), Is.EqualTo(new[] { "api.test" }));
    }

    [Test]
    public void A_leaf_does_not_outlive_its_authority()
    {
        DateTimeOffset late = _authority.NotAfter.AddHours(-1);
        using X509Certificate2 leaf = LeafCertificates.Sign(_authority, "api.test", late);

        Assert.That(leaf.NotAfter, Is.EqualTo(_authority.NotAfter));
        Assert.That(() => LeafCertificates.Sign(_authority, "api.test", late.AddHours(2)), Throws.InstanceOf<CryptographicException>());
    }

    [Test]
    public void A_host_longer_than_a_common_name_is_signed_for()
    {
        string host = $"{new string('a', 60)}.{new string('b', 60)}.api.test";
        using X509Certificate2 leaf = LeafCertificates.Sign(_authority, host, Now);

        Assert.That(OpenSsl(leaf, host), Is.Empty);
    }

    [Test]
    public void Two_have_two_names()
    {
        using X509Certificate2 other = ForwardAuthority.Create(["api.test"], Now);

        Assert.That(other.Subject, Is.Not.EqualTo(_authority.Subject));
    }

    [Test]
    public void What_it_makes_is_one() => Assert.That(ForwardAuthority.ProblemOf(_authority, Now), Is.Null);

    [Test]
    public void One_of_another_kind_of_key_signs_as_well([Values] bool isRsa)
    {
        using AsymmetricAlgorithm key = isRsa ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using X509Certificate2 authority = Authority(key, NameConstraints.Write(["api.test"]));
        using X509Certificate2 leaf = LeafCertificates.Sign(authority, "api.test", Now);

        Assert.That(OpenSsl(leaf, "api.test", authority: authority), Is.Empty);
    }

    [Test]
    public void One_that_may_sign_for_any_name_is_none()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        X509Extension constraints = NameConstraints.Write(["api.test"]);
        using X509Certificate2 without = Authority(key, null), heeded = Authority(key, new X509Extension(constraints.Oid!, constraints.RawData, critical: false)),
            any = Authority(key, NameConstraints.Write(["api.test", ""])), broken = Authority(key, new X509Extension(NameConstraints.Oid, [0x30, 0x05, 0xa0], critical: true));

        Assert.That(ForwardAuthority.ProblemOf(without, Now), Does.Contain("any name"));
        Assert.That(ForwardAuthority.ProblemOf(heeded, Now), Does.Contain("any name"), "not critical");
        Assert.That(ForwardAuthority.ProblemOf(any, Now), Does.Contain("any name"));
        Assert.That(ForwardAuthority.ProblemOf(broken, Now), Does.Contain("cannot be read"));
    }

    [Test]
    public void One_that_is_no_authority_or_no_longer_good_is_none()
    {
        using X509Certificate2 leaf = LeafCertificates.Sign(_authority, "api.test", Now);

        Assert.That(ForwardAuthority.ProblemOf(leaf, Now), Does.Contain("no authority"));
        Assert.That(ForwardAuthority.ProblemOf(_authority, _authority.NotAfter), Does.Contain("good until"));
    }

    private static X509Certificate2 Authority(AsymmetricAlgorithm key, X509Extension? constraints)
    {
        CertificateRequest request = key is RSA rsa
            ? new("CN=Ours", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) : new("CN=Ours", (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        if (constraints is not null)
        {
            request.CertificateExtensions.Add(constraints);
        }

        return request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(30));
    }

    // As whoever has its key would.
    private X509Certificate2 Forge(Action<SubjectAlternativeNameBuilder> add, bool isAuthority = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("O=Forged", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        add(names);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        using X509Certificate2 signed = request.Create(_authority, Now.AddMinutes(-5), Now.AddDays(1), [1, 2, 3]);
        return signed.CopyWithPrivateKey(key);
    }

    private static X509Certificate2 LeafOf(X509Certificate2 issuer, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("O=Below", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        return request.Create(issuer, Now.AddMinutes(-4), Now.AddHours(1), [4, 5, 6]);
    }

    private X509ChainStatusFlags[] Chain(X509Certificate2 leaf)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.Build(leaf);
        return [.. chain.ChainStatus.Select(s => s.Status)];
    }

    private string OpenSsl(X509Certificate2 leaf, string? host, X509Certificate2? between = null, X509Certificate2? authority = null, bool isStrict = false)
    {
        string ca = Write("ca.pem", authority ?? _authority), certificate = Write("leaf.pem", leaf);
        var start = new ProcessStartInfo("/usr/bin/openssl", ["verify", "-purpose", "sslserver", "-CAfile", ca])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])[.. isStrict ? new[] { "-x509_strict" } : [], .. host is null ? [] : new[] { "-verify_hostname", host }, .. between is null ? [] : new[] { "-untrusted", Write("between.pem", between) }, certificate])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        string said = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? "" : said;
    }

    private string Write(string name, X509Certificate2 certificate)
    {
        string path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, certificate.ExportCertificatePem());
        return path;
    }
}
