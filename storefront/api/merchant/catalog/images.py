"""Merchant API: list the images of a product, add one by its URL, change and delete it."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.listings.publication import lock_with_variants
from catalog.models import Image, Product, Variant
from catalog.products import image_edits, images
from storefront.api.core import problem_types
from storefront.api.core.fields import (
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
    validated,
)
from storefront.api.core.idempotency import Attempt
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation, write_operation
from storefront.api.core.schema import openapi
from storefront.api.core.views import find_row
from storefront.api.merchant.catalog.products import find_product
from storefront.api.merchant.catalog.serializers import ProductImageSerializer
from storefront.api.merchant.catalog.writes import SOURCE
from storefront.api.models import Scope
from storefront.lib.db.change_source import set_change_source

TAG = "products"
MAX_IMAGES = 50  # of one product


class ImageChangeSerializer(StrictSerializer):
    """The fields of an image to change. Feeds do not overwrite them."""

    role = serializers.ChoiceField(
        choices=Image.Role.choices, required=False, help_text="A new main image replaces the old."
    )
    position = StrictIntegerField(required=False, min_value=0, max_value=images.MAX_POSITION)
    variant_id = StrictIntegerField(required=False, allow_null=True, help_text="Null: of all.")
    alt_texts = serializers.DictField(
        child=StrictCharField(max_length=images.MAX_ALT_CHARS, allow_blank=True),
        required=False,
        help_text="By language, such as en.",
    )

    def validate_alt_texts(self, texts: dict[str, str]) -> dict[str, str]:
        if unknown := texts.keys() - dict(settings.LANGUAGES).keys():
            raise serializers.ValidationError(f"The shop has no language {min(unknown)}.")
        return {language: text for language, text in texts.items() if text}


class NewImageSerializer(ImageChangeSerializer):
    """A new image. The shop fetches it within minutes, and shows it then."""

    url = StrictCharField(max_length=images.MAX_URL, help_text="Of a PNG, JPEG or WebP file.")

    def validate_url(self, url: str) -> str:
        if not images.is_valid_url(url):
            raise serializers.ValidationError("Send an http or https URL without a user.")
        return url


class ProductImages(MerchantEndpoint):
    @list_operation(
        name="list_product_images",
        tag=TAG,
        summary="List the images of a product",
        serializer=ProductImageSerializer,
        scope=Scope.PRODUCTS_READ,
        problems=(problem_types.OBJECT_NOT_FOUND,),
    )
    def get(self, request: Request, product_id: int) -> Response:
        rows = Image.objects.filter(product=find_product(product_id))
        return self.show_page(request, rows, ProductImageSerializer, order=("position", "pk"))

    @write_operation(
        name="create_product_image",
        tag=TAG,
        summary="Add an image to a product",
        body=NewImageSerializer,
        answers={201: ProductImageSerializer},
        scope=Scope.PRODUCTS_WRITE,
        problems=(problem_types.OBJECT_NOT_FOUND,),
        is_new=True,
    )
    def post(self, request: Request, product_id: int) -> Response:
        def work(_attempt: Attempt) -> Response:
            values = validated(NewImageSerializer, request)
            product = find_product(product_id)
            image = Image(
                product=product, source_url=values.pop("url"), position=images.MAX_POSITION
            )
            with transaction.atomic():
                lock_with_variants([product.pk])
                if Image.objects.filter(product=product).count() >= MAX_IMAGES:
                    raise serializers.ValidationError({"url": [f"{MAX_IMAGES} images at most."]})
                if Image.objects.filter(product=product, source_url=image.source_url).exists():
                    raise serializers.ValidationError({"url": ["The product has this image."]})
                save_image(product, image, values, actor=self.client.actor, now=self.now)
            return self.show(request, find_image(image.pk), ProductImageSerializer, status=201)

        return self.run_once(request, work)


class ImageDetail(MerchantEndpoint):
    @read_operation(
        name="get_image",
        tag=TAG,
        summary="Retrieve an image",
        serializer=ProductImageSerializer,
        scope=Scope.PRODUCTS_READ,
    )
    def get(self, request: Request, image_id: int) -> Response:
        return self.show(request, find_image(image_id), ProductImageSerializer)

    @write_operation(
        name="update_image",
        tag=TAG,
        summary="Change an image",
        body=ImageChangeSerializer,
        answers={200: ProductImageSerializer},
        scope=Scope.PRODUCTS_WRITE,
    )
    def patch(self, request: Request, image_id: int) -> Response:
        def work(_attempt: Attempt) -> Response:
            values = validated(ImageChangeSerializer, request)
            product = find_image(image_id).product
            with transaction.atomic():
                lock_with_variants([product.pk])
                image = find_image(image_id)
                self.require_match(request, image, ProductImageSerializer)
                save_image(product, image, values, actor=self.client.actor, now=self.now)
            return self.show(request, find_image(image_id), ProductImageSerializer)

        return self.run_once(request, work, is_required=False)

    @openapi(
        name="delete_image",
        tag=TAG,
        summary="Delete an image",
        answers={204: None},
        problems=(problem_types.OBJECT_NOT_FOUND,),
        scope=Scope.PRODUCTS_WRITE,
    )
    def delete(self, request: Request, image_id: int) -> Response:  # noqa: ARG002 - DRF passes it
        image = find_image(image_id)
        with transaction.atomic():
            lock_with_variants([image.product_id])
            set_change_source(SOURCE, actor=self.client.actor)
            image_edits.edit_images(
                product=image.product, saved=[], removed=[image], main=None, now=self.now
            )
        return Response(status=status.HTTP_204_NO_CONTENT)


def save_image(
    product: Product, image: Image, values: dict[str, Any], *, actor: str, now: datetime
) -> None:
    """Save the stated fields of an image and lock the product's images against feeds.

    Raises: ValidationError: the variant is of another product.
    """
    variant_id = values.get("variant_id")
    if variant_id and not Variant.objects.filter(pk=variant_id, product=product).exists():
        raise serializers.ValidationError({"variant_id": ["The product has no such variant."]})
    for name, value in values.items():
        setattr(image, name, value)
    set_change_source(SOURCE, actor=actor)
    main = image if values.get("role") == Image.Role.MAIN else None
    image_edits.edit_images(product=product, saved=[image], removed=[], main=main, now=now)


def find_image(pk: int) -> Image:
    """Return an image with its product. Raises ProblemError."""
    return find_row(Image.objects.select_related("product"), pk=pk)
