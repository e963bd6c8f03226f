using System.Buffers;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials;
using WireGate.Http.Credentials.Bodies;
using WireGate.Http.Credentials.Tokens;
using WireGate.Http.Http1;
using static WireGate.Fuzz.Parsers;

namespace WireGate.Fuzz.Http;

/// <summary>Bodies, fields and answers in which credentials stand, or are not to stand, may be anything.</summary>
internal sealed class CredentialFuzz
{
    private const string Token = "wgp_0123456789_0123456789abcdefghijABCDEFGHIJ01000000";

    private static readonly string Valid = Made();

    [Test]
    public void A_placeholder_in_JSON_is_where_another_reader_finds_it() => Vary(
        81, [Bytes($$$"""{"a":{"s\u0065cret":"{{{Valid}}}"},"b":[1,"\ud83d\ude00"]}"""), Bytes($$$"""{"a":{"secret":"{{{Token}}}"},"n":{"a":[{}]}}"""), Bytes($"[\"{Valid}\"]")],
        bytes =>
        {
            byte[] token = new byte[PlaceholderToken.Length];
            if (BodyField.Find(bytes, isForm: false, ["/a/secret", "/b/1"], token, out string? problem) is not { } field)
            {
                return;
            }

            Assert.That(problem, Is.Null);
            using JsonDocument document = JsonDocument.Parse(bytes);
            JsonElement at = document.RootElement.GetProperty(field.Pointer == "/b/1" ? "b" : "a");
            at = field.Pointer == "/b/1" ? at[1] : at.GetProperty("secret");
            Assert.That(at.GetString(), Is.EqualTo(Encoding.ASCII.GetString(token)));
            var swapped = new ArrayBufferWriter<byte>();
            field.Write(swapped, bytes, "\"x\""u8);
            using JsonDocument again = JsonDocument.Parse(swapped.WrittenMemory);
            Assert.That(again.RootElement.GetRawText(), Does.Not.Contain(Valid));
        });

    [Test]
    public void A_placeholder_in_a_form_is_a_whole_value() => Vary(82, [Bytes($"a=1&secret={Valid}&b=%20+"), Bytes($"s%65cret=%77{Valid[1..]}"), Bytes("secret&secret==&&%")], bytes =>
    {
        byte[] token = new byte[PlaceholderToken.Length];
        if (BodyField.Find(bytes, isForm: true, ["/secret"], token, out _) is { } field)
        {
            Assert.That(PlaceholderToken.TryParse(token, out _));
            var swapped = new ArrayBufferWriter<byte>();
            field.Write(swapped, bytes, "x"u8);
            Assert.That(PlaceholderToken.IsWithin(swapped.WrittenSpan), Is.False);
            Assert.That(swapped.WrittenSpan.Count((byte)'&'), Is.EqualTo(bytes.AsSpan().Count((byte)'&')));
        }
    });

    [Test]
    public void An_answer_with_a_token_is_one_or_is_refused() => Vary(
        83, [Bytes("""{"access_token":"abc","expires_in":3600,"token_type":"Bearer","x":{"y":[1]}}"""), Bytes("""{"access_token":"a\u0062c","token_type":"bearer","expires_in":"1e3"}""")],
        bytes =>
        {
            Assert.That(Address.TryParse("127.0.0.1:80", 0, out Address? address));
            using var answer = new TokenAnswer(new HttpEndpoint(address!, "/token", new ClientTlsConfig { Mode = TlsMode.Disable }), 200, isJson: true);
            answer.Body.Write(bytes);
            try
            {
                using Secret token = answer.Read("access_token", "expires_in", "token_type", out _);
                using JsonDocument document = JsonDocument.Parse(bytes);
                Assert.That(document.RootElement.GetProperty("access_token").GetString(), Is.EqualTo(Encoding.UTF8.GetString(token.Span)));
            }
            catch (SecretUnavailableException)
            {
                // What nobody can take for one is refused.
            }
        });

    [Test]
    public void Binary_metadata_stays_as_long_as_it_was_and_loses_the_secret()
    {
        byte[] real = Bytes("the-real-one");
        using Secret secret = Secret.CopyOf(real);
        Vary(84, [Bytes(Convert.ToBase64String(Bytes("<the-real-one>"))), Bytes("dGhlLXJlYWwtb25l, dGhlLXJlYWwtb25l"), Bytes(Convert.ToBase64String(Bytes("x" + Valid)).TrimEnd('='))], bytes =>
        {
            // No field has them.
            if (bytes.AsSpan().ContainsAny(Grammar.NotInValue))
            {
                return;
            }

            using var scrubber = new Scrubber();
            scrubber.Begin([secret]);
            BinaryField.HasPlaceholder("x-bin"u8, bytes);
            byte[] seen = [.. bytes];
            BinaryField.Scrub("x-bin"u8, seen, scrubber);
            Assert.That(seen, Has.Length.EqualTo(bytes.Length));
            foreach (string part in Encoding.Latin1.GetString(seen).Split(','))
            {
                byte[] text = new byte[part.Length];
                if (Convert.TryFromBase64String(part.Trim(' ', '\t'), text, out int length))
                {
                    Assert.That(text.AsSpan(0, length).IndexOf(real), Is.LessThan(0));
                }
            }
        });
    }

    [Test]
    public void Whatever_is_around_it_a_placeholder_in_other_words_is_found_and_nothing_else() => Vary(
        85, [Bytes($"/a?b=%20%77{Valid[1..]}"), Bytes(Convert.ToBase64String(Bytes("u:" + Valid))), Bytes($"x.{Convert.ToBase64String(Bytes(Valid))}.%%2")],
        bytes => Assert.That(EncodedPlaceholder.IsWithin([.. bytes, .. " %77"u8, .. Bytes(Valid[1..])])));

    private static string Made()
    {
        using Secret token = PlaceholderToken.Create(out _);
        return Encoding.ASCII.GetString(token.Span);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
