import { describe, expect, it } from 'vitest'
import { parseS3Location } from './s3-location.ts'

describe('parseS3Location', () => {
  it.each([
    ['s3:https://host/bucket', 'https://host', 'bucket', ''],
    ['s3:http://127.0.0.1:9000/bucket/some/prefix/', 'http://127.0.0.1:9000', 'bucket', 'some/prefix'],
    ['s3:s3.amazonaws.com/bucket/prefix', 'https://s3.amazonaws.com', 'bucket', 'prefix'],
    ['s3://s3.eu-central-1.amazonaws.com/bucket', 'https://s3.eu-central-1.amazonaws.com', 'bucket', ''],
    ['s3:host:9000/bucket/a/../b//c', 'https://host:9000', 'bucket', 'b/c'],
    ['s3:https://host/bucket/with space/ü', 'https://host', 'bucket', 'with space/ü'],
  ])('reads %s', (text, ...expected) => {
    const { endpoint, bucket, prefix } = parseS3Location(text)
    expect([endpoint, bucket, prefix]).toEqual(expected)
  })

  it('shows the location in one form', () => {
    expect(parseS3Location('s3:host/bucket/prefix/').display).toBe('s3:https://host/bucket/prefix')
  })

  it.each(['s3:', 's3:https://', 's3:host', 's3:https://host/', 's3:https://key:secret@host/bucket', 's3:host/bucket/../../x'])(
    'refuses %s without repeating it',
    (text) => {
      expect(() => parseS3Location(text)).toThrow(expect.objectContaining({ code: 'storage.location' }))
      expect(() => parseS3Location(text)).not.toThrow(/secret/)
    },
  )
})
