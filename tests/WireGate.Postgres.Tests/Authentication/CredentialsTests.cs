using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Postgres.Authentication;
using WireGate.Postgres.Tests.Messages;
using WireGate.Testing.Framing;

namespace WireGate.Postgres.Tests.Authentication;

internal sealed class CredentialsTests
{
    private const string Sha1Certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBbjCCARSgAwIBAgIUdSyZp5G4pUqQpQrAaM1nI9U9Jo8wCQYHKoZIzj0EATAN
        MQswCQYDVQQDDAJkYjAeFw0yNjExMjEwNDMyMjBaFw0zNjExMTgwNDMyMjBaMA0x
        CzAJBgNVBAMMAmRiMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaa31UbAzxBE0
        AgC9bmFyBT97W+yQxaHoZ1zdT46GBugiJRyHOWK8tqEn3kMVD883jsda+dlud7nm
        9jwPALmNgKNTMFEwHQYDVR0OBBYEFJBl1geRpWfPYKJ38kvpa5mjEpb6MB8GA1Ud
        IwQYMBaAFJBl1geRpWfPYKJ38kvpa5mjEpb6MA8GA1UdEwEB/wQFMAMBAf8wCQYH
        KoZIzj0EAQNJADBGAiEAjekeLkPGy85VI6ab15d0/UJmmRWKkGq+XgymsZbRP5QC
        IQCbCSRb+v2lljXhAXG0GNJ0FIb6PwWPpAHDhktDyaha7Q==
        -----END CERTIFICATE-----
        """;

    private const string Ed25519Certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBLjCB4aADAgECAhRO+UE5Au5S6hH5tDHFsW8lS8J+bTAFBgMrZXAwDTELMAkG
        A1UEAwwCZGIwHhcNMjYxMTIxMDQzMDA2WhcNMzYxMTE4MDQzMDA2WjANMQswCQYD
        VQQDDAJkYjAqMAUGAytlcAMhACyA3mnesRsXENaZLBeFsgDNag6/4Ws18Cr8kXAN
        tgC9o1MwUTAdBgNVHQ4EFgQUgUWsM80PaCt/IAlw/LGRCyNQT6IwHwYDVR0jBBgw
        FoAUgUWsM80PaCt/IAlw/LGRCyNQT6IwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXAD
        QQAwQQqcMln1Qr7G6DV7Nxw675t9sgDbp0XyQIrVbWOICiDB/sISeiGMx/TfCRZi
        GhKVc0AGnkVFhfmlQFxQo1kE
        -----END CERTIFICATE-----
        """;

    [Test]
    public void An_md5_answer_is_the_digest_of_a_digest()
    {
        byte[] answer = new byte[Md5Password.Length];
        Md5Password.Answer("secret"u8, "app", [1, 2, 3, 4], answer);

        // printf secretapp | md5sum, then that and the salt | md5sum
        Assert.That(Encoding.ASCII.GetString(answer), Is.EqualTo("md5911f527656472583a006e7727877b33e"));
    }

    [Test]
    public void A_password_is_one_string_however_it_arrives()
    {
        foreach (ReadOnlySequence<byte> body in Splits.Whole("wgp_x\0"u8.ToArray()))
        {
            using Secret password = ClientResponses.ReadPassword(body);
            Assert.That(password.FixedTimeEquals("wgp_x"u8));
        }
    }

    [TestCase("")]
    [TestCase("pw")]
    [TestCase("pw\0\0")]
    [TestCase("pw\0more")]
    public void Refuses_a_password_that_is_not_one_string(string body) => Assert.That(
        () => ClientResponses.ReadPassword(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(body))), Throws.TypeOf<ProtocolException>());

    [Test]
    public void Reads_a_SASL_choice()
    {
        ClientResponses.ReadSaslInitial(Wire.Bytes("M\0", 3, "n,,"), out ReadOnlySpan<byte> mechanism, out ReadOnlySpan<byte> response);
        Assert.That(mechanism.SequenceEqual("M"u8) && response.SequenceEqual("n,,"u8));
    }

    [TestCase(-1, "")]
    [TestCase(4, "n,,")]
    [TestCase(2, "n,,")]
    [TestCase(int.MaxValue, "n,,")]
    [TestCase(int.MinValue, "n,,")]
    public void Refuses_a_SASL_choice_whose_length_is_not_what_follows(int length, string response) => Assert.That(
        () => ClientResponses.ReadSaslInitial(Wire.Bytes("M\0", length, response), out _, out _), Throws.TypeOf<ProtocolException>());

    [Test]
    public void The_end_point_is_hashed_as_the_certificate_is_signed()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach ((HashAlgorithmName signed, Func<byte[], byte[]> hash) in new (HashAlgorithmName, Func<byte[], byte[]>)[]
        {
            (HashAlgorithmName.SHA256, SHA256.HashData), (HashAlgorithmName.SHA384, SHA384.HashData),
            (HashAlgorithmName.SHA512, SHA512.HashData),
        })
        {
            using X509Certificate2 certificate = SelfSigned(new CertificateRequest("CN=db", key, signed));
            Assert.That(ChannelBinding.EndPointHash(certificate), Is.EqualTo(hash(certificate.RawData)), signed.Name);
        }
    }

    [Test]
    public void The_hash_of_RSA_is_in_its_name_and_that_of_RSA_PSS_in_its_parameters()
    {
        using var key = RSA.Create(2048);
        foreach (RSASignaturePadding padding in new[] { RSASignaturePadding.Pkcs1, RSASignaturePadding.Pss })
        {
            using X509Certificate2 with256 = SelfSigned(new CertificateRequest("CN=db", key, HashAlgorithmName.SHA256, padding));
            using X509Certificate2 with384 = SelfSigned(new CertificateRequest("CN=db", key, HashAlgorithmName.SHA384, padding));
            Assert.That(ChannelBinding.EndPointHash(with256), Is.EqualTo(SHA256.HashData(with256.RawData)), padding.ToString());
            Assert.That(ChannelBinding.EndPointHash(with384), Is.EqualTo(SHA384.HashData(with384.RawData)), padding.ToString());
        }
    }

    [Test]
    public void Ed25519_has_no_channel_binding()
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(Ed25519Certificate);
        Assert.That(ChannelBinding.EndPointHash(certificate), Is.Empty);
    }

    [Test]
    public void A_certificate_signed_with_SHA1_is_hashed_with_SHA256()
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(Sha1Certificate);
        Assert.That(certificate.SignatureAlgorithm.Value, Is.EqualTo("1.2.840.10045.4.1"));
        Assert.That(ChannelBinding.EndPointHash(certificate), Is.EqualTo(SHA256.HashData(certificate.RawData)));
    }

    private static X509Certificate2 SelfSigned(CertificateRequest request)
    {
        var from = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return request.CreateSelfSigned(from, from.AddYears(1));
    }
}
