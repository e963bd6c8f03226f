using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Postgres.Masking;

namespace WireGate.Postgres.Tests.Masking;

internal sealed class DetectorTests
{
    [TestCase(MaskDetector.CreditCard, "4111111111111111", "4111111111111111")]
    [TestCase(MaskDetector.CreditCard, "pay 5500-0000-0000-0004!", "5500-0000-0000-0004")]
    [TestCase(MaskDetector.CreditCard, "3782 822463 10005", "3782 822463 10005")]
    [TestCase(MaskDetector.Iban, "to DE89 3704 0044 0532 0130 00 now", "DE89 3704 0044 0532 0130 00")]
    [TestCase(MaskDetector.Iban, "GB82WEST12345698765432", "GB82WEST12345698765432")]
    [TestCase(MaskDetector.Email, "<ada.l+x@mail.example.org>.", "ada.l+x@mail.example.org")]
    [TestCase(MaskDetector.Phone, "call +49 (30) 1234-5678.", "+49 (30) 1234-5678")]
    [TestCase(MaskDetector.Phone, "(212) 555-0123", "(212) 555-0123")]
    [TestCase(MaskDetector.UsSsn, "ssn:123-45-6789;", "123-45-6789")]
    [TestCase(MaskDetector.Ip, "from 192.0.2.7:443", "192.0.2.7")]
    [TestCase(MaskDetector.Ip, "at 2001:db8::1.", "2001:db8::1")]
    [TestCase(MaskDetector.Jwt, "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0abc.c2ln", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0abc.c2ln")]
    [TestCase(MaskDetector.PrivateKey, "x-----BEGIN RSA PRIVATE KEY-----\nAA\n-----END RSA PRIVATE KEY-----y", "-----BEGIN RSA PRIVATE KEY-----\nAA\n-----END RSA PRIVATE KEY-----")]
    [TestCase(MaskDetector.PrivateKey, "-----BEGIN PRIVATE KEY-----\ncut", "-----BEGIN PRIVATE KEY-----\ncut")]
    [TestCase(MaskDetector.ApiKey, "id=AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE")]
    [TestCase(MaskDetector.ApiKey, "ghp_0123456789abcdefghijABCDEFGHIJ012345 ", "ghp_0123456789abcdefghijABCDEFGHIJ012345")]
    public void Finds_all_of_it_and_no_more(MaskDetector detector, string text, string found)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);

        Hit hit = Detectors.Find(detector, bytes, 0);

        Assert.That(hit.IsThere);
        Assert.That(Encoding.UTF8.GetString(bytes, hit.Start, hit.Length), Is.EqualTo(found));
    }

    [TestCase(MaskDetector.CreditCard, "4111111111111111 5555555555554444", "4111111111111111")]
    [TestCase(MaskDetector.CreditCard, "4111 1111 1111 1111 12/27 123", "4111 1111 1111 1111")]
    [TestCase(MaskDetector.CreditCard, "378282246310005 2026-11-21", "378282246310005")]
    [TestCase(MaskDetector.CreditCard, "10 4111-1111-1111-1111 2 3 4 5", "4111-1111-1111-1111")]
    [TestCase(MaskDetector.CreditCard, "2002 4111 1111 1111 1111", "2002 4111 1111 1111 1111")]
    [TestCase(MaskDetector.Phone, "+491709018201 2026-11-21 10:00", "+491709018201")]
    [TestCase(MaskDetector.Phone, "+1 212 555 0199 4111111111111111", "+1 212 555 0199")]
    [TestCase(MaskDetector.Phone, "+49 30 1234567/20261121", "+49 30 1234567")]
    public void Finds_it_before_other_numbers(MaskDetector detector, string text, string found)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);

        Hit hit = Detectors.Find(detector, bytes, 0);

        Assert.That(hit.IsThere);
        Assert.That(Encoding.UTF8.GetString(bytes, hit.Start, hit.Length), Is.EqualTo(found));
    }

    [TestCase(MaskDetector.CreditCard, "4111111111111112")]
    [TestCase(MaskDetector.CreditCard, "12345678901234567890123")]
    [TestCase(MaskDetector.Iban, "DE88370400440532013000")]
    [TestCase(MaskDetector.Email, "a@b and @name, x@localhost")]
    [TestCase(MaskDetector.Phone, "2024-01-01 10:00, 1234567890123")]
    [TestCase(MaskDetector.UsSsn, "000-12-3456 666-12-3456 912-12-3456 123-00-6789 123-45-0000 1123-45-6789")]
    [TestCase(MaskDetector.Ip, "1.2.3 and 256.1.1.1 at 12:34:56, v1.2.3.4.5")]
    [TestCase(MaskDetector.Jwt, "eyJ.eyJ.x keyJhbGciOiJIUzI1NiJ9")]
    [TestCase(MaskDetector.PrivateKey, "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----")]
    [TestCase(MaskDetector.ApiKey, "AKIA short, xAKIAIOSFODNN7EXAMPLE, sk-learn")]
    public void Leaves_what_only_looks_like_it(MaskDetector detector, string text) =>
        Assert.That(Detectors.Find(detector, Encoding.UTF8.GetBytes(text), 0).IsThere, Is.False);

    [Test]
    public void Reads_no_byte_outside_of_a_value([Values] MaskDetector detector)
    {
        var random = new Random(7);
        ReadOnlySpan<byte> alphabet = "0123456789-. @:+()eyJABCDEFghp_AKIA-----BEGIN PRIVATE KEY"u8;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] value = random.GetItems(alphabet, random.Next(0, 60));
            Hit hit = Detectors.Find(detector, value, 0);
            Assert.That(!hit.IsThere || (hit.Start >= 0 && hit.End <= value.Length));
        }
    }

    [Test]
    public void Takes_time_in_proportion_to_a_value([Values] MaskDetector detector)
    {
        foreach (string part in (string[])["1 ", "-----BEGIN ", "eyJ", "a@", "+1", "AKIA", "1.", "DE12", "::"])
        {
            byte[] value = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(part, (4 << 20) / part.Length)));
            var watch = System.Diagnostics.Stopwatch.StartNew();
            _ = Detectors.Find(detector, value, 0);
            Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(20)), part);
        }
    }
}
