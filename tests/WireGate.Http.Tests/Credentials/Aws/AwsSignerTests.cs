using System.Buffers;
using System.Globalization;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials.Aws;

namespace WireGate.Http.Tests.Credentials.Aws;

/// <summary>Signatures as AWS publishes them: the test suite of Signature Version 4, and the examples of S3's API reference.</summary>
internal sealed class AwsSignerTests
{
    private const string Token =
        "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

    // name, start line and fields beside Host, body, signature
    private static readonly object[] Suite =
    [
        Case("get-header-key-duplicate", "GET /", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea", "My-Header1:value2\nMy-Header1:value2\nMy-Header1:value1"),
        Case("get-header-value-order", "GET /", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01", "My-Header1:value4\nMy-Header1:value1\nMy-Header1:value3\nMy-Header1:value2"),
        Case("get-header-value-trim", "GET /", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736", "My-Header1: value1\nMy-Header2: \"a   b   c\""),
        Case("get-unreserved", "GET /-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
        Case("get-utf8", "GET /ሴ", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        Case("get-vanilla", "GET /", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Case("get-vanilla-empty-query-key", "GET /?Param1=value1", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
        Case("get-vanilla-query-order-key-case", "GET /?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        Case("get-vanilla-query-unreserved", "GET /?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
        Case("get-vanilla-utf8-query", "GET /?ሴ=bar", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
        Case("get-relative", "GET /example/..", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Case("get-relative-relative", "GET /example1/example2/../..", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Case("get-slash", "GET //", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Case("get-slash-dot-slash", "GET /./", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Case("get-slash-pointless-dot", "GET /./example", "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
        Case("get-slashes", "GET //example//", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
        Case("get-space", "GET /example space/", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
        Case("post-header-key-case", "POST /", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        Case("post-header-key-sort", "POST /", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c", "My-Header1:value1"),
        Case("post-header-value-case", "POST /", "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d", "My-Header1:VALUE1"),
        Case("post-sts-header-before", "POST /", "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead", token: Token),
        Case("post-vanilla-empty-query-value", "POST /?Param1=value1", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
        Case("post-vanilla-query-nonunreserved", "POST /?%40%23%24%25%5E=&%2B=%2F%2C%3F%3E%3C%60%22%3B%3A%5C%7C%5D%5B%7B%7D", "66c82657c86e26fb25238d0e69f011edc4c6df5ae71119d7cb98ed9b87393c1e"),
        Case("post-vanilla-query-space", "POST /?p=", "e71688addb58a26418614085fb730ba3faa623b461c17f48f2fbdb9361b94a9b"),
        Case("post-x-www-form-urlencoded", "POST /", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a", "Content-Type:application/x-www-form-urlencoded", "Param1=value1"),
        Case("post-x-www-form-urlencoded-parameters", "POST /", "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe", "Content-Type:application/x-www-form-urlencoded; charset=utf8", "Param1=value1"),
    ];

    private static readonly object[] OfS3 =
    [
        Case("GET Object", "GET /test.txt", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", "Range: bytes=0-9"),
        Case("PUT Object", "PUT /test%24file.text", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", "Date: Fri, 24 May 2013 00:00:00 GMT\nx-amz-storage-class: REDUCED_REDUNDANCY", "Welcome to Amazon S3."),
        Case("PUT Object, not encoded", "PUT /test$file.text", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", "Date: Fri, 24 May 2013 00:00:00 GMT\nx-amz-storage-class: REDUCED_REDUNDANCY", "Welcome to Amazon S3."),
        Case("GET Bucket Lifecycle", "GET /?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        Case("Get Bucket", "GET /?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ];

    [TestCaseSource(nameof(Suite))]
    public void Signs_as_the_published_suite_does(string line, string fields, string body, string? token, string signature)
    {
        var config = new AwsSigningConfig { AccessKey = "", Region = "us-east-1", Service = "service" };
        string head = Sign(config, "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token, "example.amazonaws.com", line, fields, body, "2015-08-30T12:36:00Z");

        Assert.That(head, Does.Contain("X-Amz-Date: 20150830T123600Z\r\n").And.Contain(
            "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="));
        Assert.That(head, Does.EndWith($", Signature={signature}\r\n\r\n"));
    }

    [TestCaseSource(nameof(OfS3))]
    public void Signs_as_the_examples_of_S3_do(string line, string fields, string body, string? token, string signature)
    {
        var config = new AwsSigningConfig { AccessKey = "", Region = "us-east-1", Service = "s3" };
        string head = Sign(
            config, "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", token, "examplebucket.s3.amazonaws.com", line, fields, body, "2013-05-24T00:00:00Z");

        Assert.That(head, Does.Contain("X-Amz-Content-Sha256: ").And.EndWith($", Signature={signature}\r\n\r\n"));
    }

    [Test]
    public void What_the_client_has_said_of_a_signature_ends_here()
    {
        var config = new AwsSigningConfig { AccessKey = "", Region = "us-east-1", Service = "sqs" };
        string head = Sign(
            config, "AKIDEXAMPLE", "secret", null, "a.test", "POST /",
            "x-amz-DATE: 20000101T000000Z\nX-Amz-Security-Token: theirs\nX-Amz-Content-Sha256: theirs\nAuthorization: AWS4-HMAC-SHA256 Credential=x\nX-Amz-Target: Send",
            "", "2015-08-30T12:36:00Z", AwsSigner.IsSigned);

        Assert.That(head, Does.Not.Contain("theirs").And.Not.Contain("20000101").And.Not.Contain("Credential=x"));
        Assert.That(head.Split("X-Amz-Date"), Has.Length.EqualTo(2));
        Assert.That(head, Does.Contain("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-target, "));
    }

    [Test]
    public void People_see_neither_a_key_nor_a_moment()
    {
        var shown = new ArrayBufferWriter<byte>();
        AwsSigner.WriteUnsigned(shown, "PUT /k HTTP/1.1\r\nHost: a\r\nX-Amz-Date: 20000101T000000Z\r\nx-amz-content-sha256: abc\r\nx-amz-acl: private\r\n\r\n"u8);

        Assert.That(Encoding.ASCII.GetString(shown.WrittenSpan), Is.EqualTo("PUT /k HTTP/1.1\r\nHost: a\r\nx-amz-acl: private\r\nAuthorization: ***\r\n\r\n"));
    }

    private static string Sign(
        AwsSigningConfig config, string accessKey, string secretKey, string? token, string host, string line, string fields, string body, string now,
        Func<string, bool>? isSigned = null)
    {
        using var signer = new AwsSigner(config, Of(accessKey), Of(secretKey), token is null ? null : Of(token));
        string lines = string.Concat(fields.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(f => f + "\r\n"));
        byte[] head = Encoding.UTF8.GetBytes($"{line} HTTP/1.1\r\nHost:{host}\r\n{lines}\r\n");
        var output = new ArrayBufferWriter<byte>();
        Secret[] forms = signer.Write(
            output, head, AwsPayload.Of(Encoding.UTF8.GetBytes(body)), DateTimeOffset.Parse(now, CultureInfo.InvariantCulture), isSigned ?? (_ => true));
        string signed = Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.That(forms.Select(f => Encoding.ASCII.GetString(f.Span)), token is null ? Does.Contain(accessKey) : Does.Contain(accessKey).And.Contain(token));
        Assert.That(signed, Does.EndWith($"Signature={Encoding.ASCII.GetString(forms[^1].Span)}\r\n\r\n"));
        return signed;
    }

    private static Secret Of(string text) => Secret.CopyOf(Encoding.ASCII.GetBytes(text));

    private static TestCaseData Case(string name, string line, string signature, string fields = "", string body = "", string? token = null) =>
        new TestCaseData(line, fields, body, token, signature).SetArgDisplayNames(name);
}
