using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Masking;
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

    [TestCase(MaskDetector.CreditCard, "4111.1111.1111.1111")]
    [TestCase(MaskDetector.CreditCard, "4111\u00a01111\u00a01111\u00a01111")]
    [TestCase(MaskDetector.CreditCard, "4111  1111  1111  1111")]
    [TestCase(MaskDetector.CreditCard, "4111\r\n1111\r\n1111\r\n1111")]
    [TestCase(MaskDetector.CreditCard, "4111/1111/1111/1111")]
    [TestCase(MaskDetector.CreditCard, "4111_1111_1111_1111")]
    [TestCase(MaskDetector.CreditCard, "4111+1111+1111+1111")]
    [TestCase(MaskDetector.CreditCard, "4111%201111%201111%201111")]
    [TestCase(MaskDetector.CreditCard, "4111&nbsp;1111&nbsp;1111&nbsp;1111")]
    [TestCase(MaskDetector.CreditCard, "4111\u20111111\u20111111\u20111111")]
    [TestCase(MaskDetector.CreditCard, "3782.822463.10005")]
    [TestCase(MaskDetector.Iban, "DE89-3704-0044-0532-0130-00")]
    [TestCase(MaskDetector.Iban, "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000")]
    [TestCase(MaskDetector.UsSsn, "123 45 6789")]
    [TestCase(MaskDetector.Phone, "%2B442071838750")]
    [TestCase(MaskDetector.Phone, "1-212-555-0123")]
    [TestCase(MaskDetector.Email, "bob%40example.com")]
    [TestCase(MaskDetector.Email, "\"john doe\"@example.com")]
    [TestCase(MaskDetector.Ip, "10.20.30.40")]
    [TestCase(MaskDetector.Ip, "::1")]
    [TestCase(MaskDetector.Ip, "::ffff:10.20.30.40")]
    [TestCase(MaskDetector.Ip, "2001:db8:0:1:1:1:1:1")]
    public void Finds_each_form_of_it_wherever_it_stands(MaskDetector detector, string form)
    {
        foreach (string text in (string[])["{0}", " {0} ", "({0})", "is {0}.", "is {0}: so", "x={0};", "%20{0}", "%3D{0}", "\\n{0}", "\\t{0}\\n", "\\u000a{0}\\u000a", "\"{0}\"", "\n{0}\n"])
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text.Replace("{0}", form, StringComparison.Ordinal));

            Hit hit = Detectors.Find(detector, bytes, 0);

            Assert.That(hit.IsThere, text);
            Assert.That(Encoding.UTF8.GetString(bytes, hit.Start, hit.Length), Does.Contain(form), text);
        }
    }

    [TestCase(MaskDetector.UsSsn, "SSN-123-45-6789", "123-45-6789")]
    [TestCase(MaskDetector.UsSsn, "ssn_123-45-6789", "123-45-6789")]
    [TestCase(MaskDetector.UsSsn, "SSN123-45-6789", "123-45-6789")]
    [TestCase(MaskDetector.Phone, "tel.212-555-0123", "212-555-0123")]
    [TestCase(MaskDetector.Phone, "tel-212-555-0123", "212-555-0123")]
    [TestCase(MaskDetector.Iban, "IBANDE89370400440532013000", "DE89370400440532013000")]
    [TestCase(MaskDetector.Iban, "iban_DE89370400440532013000", "DE89370400440532013000")]
    [TestCase(MaskDetector.ApiKey, "key-AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE")]
    [TestCase(MaskDetector.ApiKey, "key_AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE")]
    [TestCase(MaskDetector.Jwt, "token_eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0abc.c2ln", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0abc.c2ln")]
    [TestCase(MaskDetector.Ip, "ip:10.20.30.40", "10.20.30.40")]
    [TestCase(MaskDetector.Ip, "host:10.20.30.40:5432", "10.20.30.40")]
    [TestCase(MaskDetector.Ip, "face:10.20.30.40", "10.20.30.40")]
    [TestCase(MaskDetector.Ip, "addr:2001:db8::1", "2001:db8::1")]
    [TestCase(MaskDetector.Ip, "addr:::1", "::1")]
    [TestCase(MaskDetector.Ip, "from 2001:db8::1: refused", "2001:db8::1")]
    [TestCase(MaskDetector.Ip, "It was 10.20.30.40. Then", "10.20.30.40")]
    [TestCase(MaskDetector.Ip, "10.20.30.40...", "10.20.30.40")]
    [TestCase(MaskDetector.Ip, "[2001:db8::1]:443", "2001:db8::1")]
    public void Finds_it_behind_its_name(MaskDetector detector, string text, string found) => Finds_it_before_other_numbers(detector, text, found);

    [TestCase(MaskDetector.CreditCard, "52345.1234567890126, 4111.111111111111, 2026/11/21 2026/11/22 4.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1")]
    [TestCase(MaskDetector.Ip, "aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd, std::vector, 10:20:30")]
    [TestCase(MaskDetector.UsSsn, "1-123-45-6789 123-45-6789-0 123.45-6789")]
    [TestCase(MaskDetector.Phone, "1212-555-0123 33.212-555-0123")]
    [TestCase(MaskDetector.Email, "{\"a\":\"b\",\"c\":\"@example.com\"}, 50%40, 5%40x")]
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
        ReadOnlySpan<byte> alphabet = "0123456789-. @:+()eyJABCDEFghp_AKIA-----BEGIN PRIVATE KEY%20&nbsp;\\u\"\u00a0/"u8;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] value = random.GetItems(alphabet, random.Next(0, 60));
            for (Hit hit = Detectors.Find(detector, value, 0), next; hit.IsThere; hit = next)
            {
                Assert.That(hit.Start >= 0 && hit.End <= value.Length);
                next = Detectors.Find(detector, value, Detectors.Resume(detector, value, hit));
                Assert.That(!next.IsThere || next.Start > hit.Start, "it goes on");
            }
        }
    }

    [Test]
    public void Takes_time_in_proportion_to_a_value([Values] MaskDetector detector)
    {
        // What each of them looks for, over and over, so that one runs into the next, or nearly.
        string[] parts =
        [
            "1 ", "-----BEGIN ", "eyJ", "a@", "+1", "AKIA", "1.", "DE12", "::", "4111 1111 1111 1111 ", "4 ", "41111111111111111", "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----", "-eyJaaaaaaaaa", "eyJaaaaaaaaaa.", "a@b.co", "%40", "a%40b.co", "+12125550123", "212-555-0123 ", "-AKIAIOSFODNN7EXAMPLE",
            "SG.-AKIAIOSFODNN7EXAMPLE", "1.1.1.1:", "aa:", "DE89 3704 0044 0532 0130 00 ", "GB82WEST12345698765432", "AB12 ", "123-45-6789 ", "\"a@", "%20", "&nbsp;", "\\u0031", "\\\\",
        ];
        var mask = new RowMask([], [new Search(detector, new Replacement(new MaskConfig { Name = "m", With = MaskStyle.Redact }, new byte[32]))]);
        foreach (string part in parts)
        {
            byte[] value = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(part, (1 << 20) / part.Length)));
            var watch = System.Diagnostics.Stopwatch.StartNew();
            mask.WriteValue(new ColumnMask(null, ValueKind.Text, true, false), value, new RowBuffer());
            mask.WriteValue(new ColumnMask(null, ValueKind.Json, true, false), value, new RowBuffer());
            Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(10)), part);
        }
    }
}
